using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Imaging;

namespace FreeMask.Pipeline.Trainers;

/// <summary>What a training program learns from: samples of the run, and real images where the run names some. One at a time is
/// loaded.</summary>
internal sealed class TrainerExamples
{
    private readonly IReadOnlyList<TrainingExample> _samples;
    private readonly RealImages? _real;
    private readonly IReadOnlyList<int> _chosen;
    private readonly IArtifactStore _store;

    /// <param name="samples">The samples.</param>
    /// <param name="real">The real images; null for none.</param>
    /// <param name="store">Where the samples are.</param>
    internal TrainerExamples(IReadOnlyList<TrainingExample> samples, RealImages? real, IArtifactStore store)
    {
        (_samples, _real, _store) = (real is { IsAlone: true } ? [] : samples, real, store);
        _chosen = real?.Choose(_samples.Count) ?? [];
    }

    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G'];

    /// <summary>Number of examples.</summary>
    internal int Count => _samples.Count + _chosen.Count;

    /// <summary>What messages call an example's labels.</summary>
    internal string NameOf(int index) => index < _samples.Count ? _samples[index].Label : _real!.IdOf(RealOf(index));

    /// <summary>An example's labels.</summary>
    internal async Task<LabelMap> LabelsAsync(int index, CancellationToken stop) =>
        index < _samples.Count ? await _store.GetLabelsAsync(_samples[index].Label, stop) : _real!.Load(RealOf(index)).Labels;

    /// <summary>An example's image.</summary>
    internal async Task<RgbImage> ImageAsync(int index, CancellationToken stop) =>
        index < _samples.Count ? await _store.GetImageAsync(_samples[index].Image, stop) : _real!.Load(RealOf(index)).Image;

    /// <summary>An example's image as a PNG file, as it is stored where it is one.</summary>
    internal async Task<ReadOnlyMemory<byte>> PngAsync(int index, CancellationToken stop)
    {
        if (index >= _samples.Count) return ImageCodec.EncodePng(await ImageAsync(index, stop));
        var stored = await _store.GetAsync(_samples[index].Image, stop);
        return stored.Span.StartsWith(PngSignature) ? stored : ImageCodec.EncodePng(ImageCodec.Decode(stored.Span, _samples[index].Image));
    }

    private int RealOf(int index) => _chosen[index - _samples.Count];
}
