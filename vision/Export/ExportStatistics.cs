using FreeMask.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>What the data card tells, gathered while the samples pass.</summary>
/// <param name="classes">The classes.</param>
/// <param name="samples">How many samples will pass.</param>
internal sealed class ExportStatistics(LabelSet classes, int samples)
{
    private const int PreviewTiles = 24;

    private readonly List<RgbImage> _preview = [];

    internal int Train { get; private set; }

    internal int Validation { get; private set; }

    internal int Objects { get; private set; }

    internal long[] Pixels { get; } = new long[256];

    internal int[] ObjectsOf { get; } = new int[classes.Names.Count];

    internal int[] TrainImagesOf { get; } = new int[classes.Names.Count];

    internal int[] ValidationImagesOf { get; } = new int[classes.Names.Count];

    /// <summary>Images with their labels drawn over, evenly spread over the data set.</summary>
    internal IReadOnlyList<RgbImage> Preview => _preview;

    internal void Add(int index, DatasetPart part, ExportSample sample)
    {
        if (part == DatasetPart.Train) Train++;
        else Validation++;
        foreach (var label in sample.Labels.Labels) Pixels[label]++;
        foreach (var c in ExportSample.ClassesOf(sample.Labels)) (part == DatasetPart.Train ? TrainImagesOf : ValidationImagesOf)[c]++;
        foreach (var instance in sample.Instances.Labels.Distinct().Where(v => v is not (0 or LabelMap.Ignore)))
        {
            ObjectsOf[sample.InstanceClasses[instance - 1]]++;
            Objects++;
        }

        if (index % Math.Max(1, samples / PreviewTiles) == 0 && _preview.Count < PreviewTiles)
            _preview.Add(ImageOverlay.Draw(sample.Image, sample.Labels, classes.Color));
    }
}
