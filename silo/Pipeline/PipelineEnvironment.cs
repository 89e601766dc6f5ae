using System.Collections.Concurrent;
using System.Globalization;
using FreeMask.Grains.Stages;
using FreeMask.Vision;

namespace FreeMask.Silo.Pipeline;

/// <summary>What this silo's pipeline computes with: the machine's arithmetic and the content of its bundles.</summary>
internal sealed class PipelineEnvironment(BundleFolders bundles) : IComputeEnvironment
{
    private readonly ConcurrentDictionary<string, (string Files, Task<string?> Hash)> _known = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Arithmetic { get; } = MachineArithmetic.Describe();

    /// <inheritdoc/>
    public async Task<string?> HashBundleAsync(string model, CancellationToken cancellationToken)
    {
        var folder = bundles.Find(model);
        var files = Describe(folder);
        // Gigabytes are read once, and again when a file has changed.
        var known = _known.AddOrUpdate(
            folder, _ => (files, Task.Run<string?>(() => BundleHash.Of(folder))), (_, last) => last.Files == files && !last.Hash.IsFaulted ? last : (files, Task.Run<string?>(() => BundleHash.Of(folder))));
        return await known.Hash.WaitAsync(cancellationToken);
    }

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
}
