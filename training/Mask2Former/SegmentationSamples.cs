using FreeMask.Imaging;
using FreeMask.Vision.Datasets;

namespace FreeMask.Training.Mask2Former;

/// <summary>What a training learns from, in an order that never changes.</summary>
internal interface ISegmentationSamples
{
    /// <summary>Number of samples.</summary>
    int Count { get; }

    /// <summary>A sample's name.</summary>
    string IdOf(int index);

    /// <summary>Loads a sample; the same index always gives the same.</summary>
    /// <exception cref="FreeMaskException">It cannot be loaded.</exception>
    LabeledImage Load(int index);
}

/// <summary>Samples that are all in memory.</summary>
internal sealed class InMemorySamples(IReadOnlyList<LabeledImage> samples) : ISegmentationSamples
{
    public int Count => samples.Count;

    public string IdOf(int index) => samples[index].Id;

    public LabeledImage Load(int index) => samples[index];
}

/// <summary>The images of a data set, loaded when they are needed.</summary>
/// <param name="dataset">The data set.</param>
internal sealed class DatasetSamples(LabeledDataset dataset) : ISegmentationSamples
{
    /// <inheritdoc />
    public int Count => dataset.Count;

    /// <inheritdoc />
    public string IdOf(int index) => dataset.IdOf(index);

    /// <inheritdoc />
    public LabeledImage Load(int index) => dataset.Load(index);
}
