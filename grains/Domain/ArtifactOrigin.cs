namespace FreeMask.Grains.Domain;

/// <summary>Which work makes which of a sample's artifacts.</summary>
public static class ArtifactOrigin
{
    /// <summary>The work that makes an artifact of this name; null for a name that no stage makes.</summary>
    public static StageKind? Of(string name) => name switch
    {
        ArtifactNames.Image or ArtifactNames.Attention => StageKind.Generate,
        ArtifactNames.Label => StageKind.Mask,
        ArtifactNames.CompositeImage or ArtifactNames.CompositeLabel or ArtifactNames.Instances or ArtifactNames.Pasted => StageKind.Compose,
        ArtifactNames.FinalImage => StageKind.Harmonize,
        ArtifactNames.Prediction => StageKind.Score,
        _ => null,
    };
}
