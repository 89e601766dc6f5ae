using System.Collections.Concurrent;
using System.Globalization;
using FreeMask.Grains.Stages;

namespace FreeMask.Pipeline;

/// <summary>What this silo's pipeline computes with: the machine's arithmetic and the content of its bundles.</summary>
internal sealed class PipelineEnvironment(BundleFolders bundles, TimeProvider time) : IComputeEnvironment
{
    // Every order of work asks; files of a bundle hardly ever change while a silo lives.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Arithmetic { get; } = MachineArithmetic.Describe();

    /// <inheritdoc/>
    public Task<string?> HashBundleAsync(string model, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(model, out var last) && time.GetElapsedTime(last.Checked) < CheckInterval) return last.Hash.WaitAsync(cancellationToken);
        var folder = bundles.Find(model);
        var files = Describe(folder);
        // Gigabytes are read once, and again when a file has changed.
        var known = _known.AddOrUpdate(
            model,
            _ => new Known(files, time.GetTimestamp(), Read(folder)),
            (_, old) => old with { Files = files, Checked = time.GetTimestamp(), Hash = old.Files == files && !old.Hash.IsFaulted ? old.Hash : Read(folder) });
        return known.Hash.WaitAsync(cancellationToken);
    }

    private static Task<string?> Read(string folder) => Task.Run<string?>(() => BundleHash.Of(folder));

    private static string Describe(string folder)
    {
        try
        {
            return string.Join('\n', BundleHash.FilesOf(folder).Select(f => string.Create(CultureInfo.InvariantCulture, $"{f} {new FileInfo(f).Length} {File.GetLastWriteTimeUtc(f).Ticks}")));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"The model bundle '{folder}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>What was found when a bundle was last looked at.</summary>
    private sealed record Known(string Files, long Checked, Task<string?> Hash);
}
