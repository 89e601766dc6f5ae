using System.Runtime.CompilerServices;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Imaging;

namespace FreeMask.Client.Runs;

/// <summary>Reads the samples of a run, and their artifacts as images.</summary>
internal sealed class RunReader(IEngine engine, RunSpec spec, RunStatus status)
{
    private const int PageSize = 500;

    internal RunSpec Spec { get; } = spec;

    internal RunStatus Status { get; } = status;

    internal static async Task<RunReader> OpenAsync(IEngine engine, string run)
    {
        var spec =
            await engine.Run(run).GetSpec()
            ?? throw new FreeMaskException($"There is no run '{run}' in this data folder. 'freemask status' lists those there are.");
        return new(engine, spec, await engine.Run(run).GetStatus());
    }

    /// <summary>The samples of a round by index, optionally only those in one state.</summary>
    internal IAsyncEnumerable<SampleRecord> SamplesAsync(int round, SampleState? state, CancellationToken stop) =>
        SamplesAsync(new SampleQuery { Round = round, State = state }, stop);

    /// <summary>The samples that a query selects, by index: all pages of it.</summary>
    internal async IAsyncEnumerable<SampleRecord> SamplesAsync(SampleQuery query, [EnumeratorCancellation] CancellationToken stop)
    {
        for (int? from = query.From; from is { } next;)
        {
            stop.ThrowIfCancellationRequested();
            var page = await engine.Run(Status.Run).GetSamples(query with { From = next, Limit = PageSize });
            foreach (var sample in page.Samples) yield return sample;
            from = page.Next;
        }
    }

    /// <summary>One sample; null if the round has none of this index.</summary>
    internal async Task<SampleRecord?> SampleAsync(int round, int index)
    {
        var page = await engine.Run(Status.Run).GetSamples(new SampleQuery { Round = round, From = index, Limit = 1 });
        return page.Samples.FirstOrDefault(sample => sample.Index == index);
    }

    internal Task<ReadOnlyMemory<byte>> BytesAsync(string hash, CancellationToken stop) => engine.ReadArtifactAsync(hash, stop);

    /// <summary>An image of a sample; null if it has none of this name, or if it is lost and cannot be recomputed.</summary>
    internal async Task<RgbImage?> ImageAsync(SampleRecord sample, string artifact, CancellationToken stop) =>
        await BytesAsync(sample, artifact, stop) is { } bytes ? ImageCodec.Decode(bytes.Span, Name(sample, artifact)) : null;

    /// <summary>
    /// A label or instance map of a sample; null if it has none of this name, or if it is lost and cannot be recomputed.
    /// </summary>
    internal async Task<LabelMap?> LabelsAsync(SampleRecord sample, string artifact, CancellationToken stop) =>
        await BytesAsync(sample, artifact, stop) is { } bytes ? IndexedPng.Decode(bytes.Span, Name(sample, artifact)) : null;

    private async Task<ReadOnlyMemory<byte>?> BytesAsync(SampleRecord sample, string artifact, CancellationToken stop)
    {
        if (sample.Artifact(artifact) is not { } hash) return null;
        try
        {
            return await BytesAsync(hash, stop);
        }
        catch (ArtifactLostException)
        {
            // A read-only engine recomputes nothing.
            if (engine.IsReadOnly) return null;
            return await engine.Run(Status.Run).RestoreArtifact(sample.Round, sample.Index, hash) ? await BytesAsync(hash, stop) : null;
        }
    }

    private static string Name(SampleRecord sample, string artifact) => $"{artifact} of sample {sample.Round + 1}/{sample.Index}";
}
