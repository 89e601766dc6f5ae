using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Pipeline;

/// <summary>The real images that trainings of a run see besides its samples (<c>training.real</c>).</summary>
internal sealed class RealImages
{
    private readonly MatchedDataset _data;
    private readonly double? _share;
    private readonly ulong _seed;

    private RealImages(MatchedDataset data, double? share, ulong seed) => (_data, _share, _seed) = (data, share, seed);

    /// <summary>Whether trainings see no samples.</summary>
    internal bool IsAlone => _share == 1;

    /// <summary>Opens those of a run; null where it names none.</summary>
    /// <exception cref="SiloLacksDataException">They are not on this silo, or others than when the run was started.</exception>
    internal static RealImages? Open(RunSpec spec)
    {
        if (spec.Training is not { Real: { } folder, RealHash: { } hash } training) return null;
        var data = NamedDatasets.Open(
            "training.real",
            folder,
            hash,
            () => EvaluationProtocol
                .Of(spec.Evaluation.Protocol, spec.LabelSet(), spec.Classes)
                .OpenReal(folder, training.RealPart, training.RealClassMap)
        );
        return new RealImages(data, training.RealShare, spec.Seed);
    }

    /// <summary>Which images a training sees beside samples, in order. A share that needs more than there are repeats them, each equally
    /// often up to one.</summary>
    /// <param name="samples">The number of samples.</param>
    internal IReadOnlyList<int> Choose(int samples)
    {
        var count = _share is { } share && share < 1
            ? Math.Max(1, (long)Math.Round(samples * share / (1 - share), MidpointRounding.ToEven))
            : _data.Count;
        var chosen = new List<int>();
        for (var turn = 0; chosen.Count < count; turn++)
        {
            int[] order = [.. Enumerable.Range(0, _data.Count)];
            if (_share is not null) new CounterRandom(_seed, turn, 0, "real-order").Shuffle(order.AsSpan());
            chosen.AddRange(order.Take((int)Math.Min(int.MaxValue, count - chosen.Count)));
        }

        return chosen;
    }

    /// <summary>The name of an image, apart from those of samples.</summary>
    internal string IdOf(int index) => $"real/{_data.IdOf(index)}";

    /// <summary>Loads an image.</summary>
    internal LabeledImage Load(int index) => _data.Load(index);
}

/// <summary>Samples in memory, and real images that are loaded when they are needed.</summary>
internal sealed class MixedSamples : ISegmentationSamples
{
    private readonly IReadOnlyList<LabeledImage> _samples;
    private readonly RealImages _real;
    private readonly IReadOnlyList<int> _chosen;

    private MixedSamples(IReadOnlyList<LabeledImage> samples, RealImages real) =>
        (_samples, _real, _chosen) = (samples, real, real.Choose(samples.Count));

    /// <inheritdoc />
    public int Count => _samples.Count + _chosen.Count;

    /// <summary>The samples alone where there are no real images.</summary>
    internal static ISegmentationSamples Of(IReadOnlyList<LabeledImage> samples, RealImages? real) =>
        real is null ? new InMemorySamples(samples) : new MixedSamples(samples, real);

    /// <inheritdoc />
    public string IdOf(int index) =>
        index < _samples.Count ? _samples[index].Id : _real.IdOf(_chosen[index - _samples.Count]);

    /// <inheritdoc />
    public LabeledImage Load(int index) => index < _samples.Count ? _samples[index] : _real.Load(_chosen[index - _samples.Count]);
}
