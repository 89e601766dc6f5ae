using System.IO.Compression;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Imaging;
using FreeMask.Vision;

namespace FreeMask.Cli.Reports;

/// <summary>Loads the artifacts of a sample and encodes reduced images of them for the page.</summary>
internal sealed class ReportImages(RunReader run)
{
    private const int MaximumSide = 160;
    private const int Quality = 88;

    private readonly LabelSet _classes = run.Spec.LabelSet();

    /// <summary>The results of the sample's stages so far. A stage that did not change the image has none.</summary>
    internal async Task<IReadOnlyList<ReportImage>> StripAsync(SampleRecord sample, CancellationToken stop)
    {
        var images = new List<ReportImage>();
        var image = await run.ImageAsync(sample, ArtifactNames.Image, stop);
        if (image is null) return images;
        images.Add(Jpeg("generated", image));
        if (await run.LabelsAsync(sample, ArtifactNames.Label, stop) is { } label) images.Add(Overlay("mask", image, label));
        if (
            Changed(sample, ArtifactNames.Image, ArtifactNames.CompositeImage)
            && await run.ImageAsync(sample, ArtifactNames.CompositeImage, stop) is { } composite
        )
            images.Add(Jpeg("composed", composite));
        if (
            Changed(sample, ArtifactNames.CompositeImage, ArtifactNames.FinalImage)
            && await run.ImageAsync(sample, ArtifactNames.FinalImage, stop) is { } final
        )
            images.Add(Jpeg("harmonized", final));
        images.AddRange(await ScoredImagesAsync(sample, stop));
        return images;
    }

    /// <summary>The final image with its label, and the prediction of the scoring model.</summary>
    internal async Task<IReadOnlyList<ReportImage>> ScoredImagesAsync(SampleRecord sample, CancellationToken stop)
    {
        var images = new List<ReportImage>();
        if (await run.ImageAsync(sample, ArtifactNames.FinalImage, stop) is not { } final) return images;
        if (await run.LabelsAsync(sample, ArtifactNames.CompositeLabel, stop) is { } labels)
        {
            images.Add(Overlay("image and label", final, labels));
            images.Add(Labels("label", labels));
        }

        if (await run.LabelsAsync(sample, ArtifactNames.Prediction, stop) is { } prediction) images.Add(Labels("prediction", prediction));
        return images;
    }

    private static bool Changed(SampleRecord sample, string before, string after) =>
        sample.Artifact(after) is { } hash && hash != sample.Artifact(before);

    private ReportImage Overlay(string caption, RgbImage image, LabelMap labels) =>
        Jpeg(caption, ImageOverlay.Draw(image, labels, _classes.Color));

    private static ReportImage Jpeg(string caption, RgbImage image)
    {
        var (width, height) = Fit(image.Width, image.Height);
        var small = (width, height) == (image.Width, image.Height) ? image : Resampling.Resize(image, width, height, ResamplingFilter.Area);
        return new(caption, "data:image/jpeg;base64," + Convert.ToBase64String(ImageCodec.EncodeJpeg(small, Quality)), width, height);
    }

    /// <summary>
    /// Labels in the palette of overlays: the first colors of VOC's palette are too dark to distinguish from background.
    /// </summary>
    private ReportImage Labels(string caption, LabelMap labels)
    {
        var (width, height) = Fit(labels.Width, labels.Height);
        var small = (width, height) == (labels.Width, labels.Height) ? labels : Resampling.Resize(labels, width, height);
        var image = ImageOverlay.Draw(new RgbImage(width, height), small, _classes.Color, opacity: 1);
        return new(
            caption,
            "data:image/png;base64," + Convert.ToBase64String(ImageCodec.EncodePng(image, CompressionLevel.SmallestSize)),
            width,
            height
        );
    }

    private static (int Width, int Height) Fit(int width, int height)
    {
        var scale = Math.Min(1, (double)MaximumSide / Math.Max(width, height));
        return (Math.Max(1, (int)Math.Round(width * scale)), Math.Max(1, (int)Math.Round(height * scale)));
    }
}
