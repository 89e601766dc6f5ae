using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Pipeline;

/// <summary>Reads and writes artifacts of samples as images.</summary>
internal static class StageArtifacts
{
    internal static async Task<RgbImage> GetImageAsync(this IArtifactStore store, string hash, CancellationToken cancellationToken) =>
        ImageCodec.Decode((await store.GetAsync(hash, cancellationToken)).Span, hash);

    internal static async Task<LabelMap> GetLabelsAsync(this IArtifactStore store, string hash, CancellationToken cancellationToken) =>
        IndexedPng.Decode((await store.GetAsync(hash, cancellationToken)).Span, hash);

    internal static Task<string> PutAsync(this IArtifactStore store, RgbImage image, CancellationToken cancellationToken) =>
        store.PutAsync(ImageCodec.EncodePng(image), cancellationToken);

    internal static Task<string> PutAsync(this IArtifactStore store, LabelMap labels, CancellationToken cancellationToken) =>
        store.PutAsync(IndexedPng.Encode(labels), cancellationToken);

    /// <summary>The sample's random stream for a purpose.</summary>
    internal static CounterRandom Stream(this StageInput input, string purpose) =>
        new(input.Plan.Seed, input.Plan.Stream, input.Attempt, purpose);

    /// <summary>Processes the samples one after another.</summary>
    internal static async Task<IReadOnlyList<StageOutcome>> EachAsync(
        IReadOnlyList<StageInput> inputs,
        Func<StageInput, Task<StageOutcome>> work
    )
    {
        var outcomes = new StageOutcome[inputs.Count];
        for (var i = 0; i < outcomes.Length; i++) outcomes[i] = await work(inputs[i]);
        return outcomes;
    }
}
