using FreeMask.Imaging;
using FreeMask.Vision.Datasets;

namespace FreeMask.Training.Mask2Former;

/// <summary>A picture and its label map, of one size.</summary>
/// <param name="Id">Its name in messages.</param>
/// <param name="Image">The picture.</param>
/// <param name="Labels">Class indices; <see cref="LabelMap.Ignore"/> where unknown.</param>
public sealed record SegmentationSample(string Id, RgbImage Image, LabelMap Labels)
{
    /// <summary>Fails unless picture and labels have one size and every label is a class.</summary>
    /// <exception cref="FreeMaskException">Names the sample and what is wrong.</exception>
    internal void Check(int classes)
    {
        if (Image.Width != Labels.Width || Image.Height != Labels.Height)
            throw new FreeMaskException($"Sample {Id}: the picture is {Image.Width}x{Image.Height}, its label map {Labels.Width}x{Labels.Height}.");
        foreach (var label in Labels.Labels)
            if (label != LabelMap.Ignore && label >= classes)
                throw new FreeMaskException($"Sample {Id} has the label {label}, but there are only {classes} classes (0 to {classes - 1}).");
    }
}

/// <summary>What a training learns from, in an order that never changes.</summary>
public interface ISegmentationSamples
{
    /// <summary>Number of samples.</summary>
    int Count { get; }

    /// <summary>A sample's name.</summary>
    string IdOf(int index);

    /// <summary>Loads a sample; the same index always gives the same.</summary>
    /// <exception cref="FreeMaskException">It cannot be loaded.</exception>
    SegmentationSample Load(int index);
}

/// <summary>Samples that are all in memory.</summary>
internal sealed class SamplesInMemory(IReadOnlyList<SegmentationSample> samples) : ISegmentationSamples
{
    public int Count => samples.Count;

    public string IdOf(int index) => samples[index].Id;

    public SegmentationSample Load(int index) => samples[index];
}

/// <summary>The pictures of a data set, loaded when they are needed.</summary>
/// <param name="dataset">The data set.</param>
public sealed class DatasetSamples(LabelledDataset dataset) : ISegmentationSamples
{
    /// <inheritdoc />
    public int Count => dataset.Count;

    /// <inheritdoc />
    public string IdOf(int index) => dataset.IdOf(index);

    /// <inheritdoc />
    public SegmentationSample Load(int index)
    {
        var picture = dataset.Load(index);
        return new SegmentationSample(picture.Id, picture.Image, picture.Labels);
    }
}
