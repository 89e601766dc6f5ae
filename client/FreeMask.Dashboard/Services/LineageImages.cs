using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>The images of a sample in the order of its stages.</summary>
internal static class LineageImages
{
    /// <summary>The images that a sample has so far; a stage that changed nothing has none.</summary>
    public static List<LineageImage> Of(SampleRecord sample)
    {
        var images = new List<LineageImage>();
        Add("generated", ArtifactNames.Image, null);
        Add("attention", ArtifactNames.Attention, null);
        Add("mask", ArtifactNames.Image, ArtifactNames.Label);
        if (Differs(ArtifactNames.CompositeImage, ArtifactNames.Image)) Add("composed", ArtifactNames.CompositeImage, null);
        if (Differs(ArtifactNames.FinalImage, ArtifactNames.CompositeImage)) Add("harmonized", ArtifactNames.FinalImage, null);
        Add("final with mask", ArtifactNames.FinalImage, ArtifactNames.CompositeLabel);
        Add("final with prediction", ArtifactNames.FinalImage, ArtifactNames.Prediction);
        return images;

        bool Differs(string after, string before) => sample.Artifact(after) is { } hash && hash != sample.Artifact(before);

        void Add(string name, string image, string? labels)
        {
            if (sample.Artifact(image) is null || (labels is not null && sample.Artifact(labels) is null)) return;
            images.Add(new LineageImage(name, name, image, labels));
        }
    }
}
