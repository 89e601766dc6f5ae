namespace FreeMask.Grains.Domain;

/// <summary>Which work makes which of a sample's artifacts.</summary>
public static class ArtifactOrigin
{
    /// <summary>The work that makes an artifact of this name; null for a name that no stage makes.</summary>
    public static Stage? Of(string name) => name switch
    {
        ArtifactNames.Image or ArtifactNames.Attention => Stage.Generate,
        ArtifactNames.Label => Stage.Mask,
        ArtifactNames.CompositeImage or ArtifactNames.CompositeLabel or ArtifactNames.Instances or ArtifactNames.Pasted => Stage.Compose,
        ArtifactNames.FinalImage => Stage.Harmonize,
        ArtifactNames.Prediction => Stage.Score,
        _ => null,
    };
}
