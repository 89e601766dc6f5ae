using System.Collections.Concurrent;
using System.Globalization;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Devices;
using FreeMask.Training.Torch;
using Microsoft.Extensions.Options;

namespace FreeMask.Pipeline;

/// <summary>The environment of this silo: the arithmetic of the machine and the hashes of its bundles.</summary>
internal sealed class PipelineEnvironment(BundleFolders bundles, IOptions<DeviceOptions> devices, TimeProvider time) : IComputeEnvironment
{
    // Every request asks for the hash, and files of a bundle rarely change.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Arithmetic { get; } = MachineArithmetic.Describe(TrainingDevice.Parse(devices.Value.Training));

    /// <inheritdoc/>
    public Task<string?> HashBundleAsync(string model, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(model, out var last) && time.GetElapsedTime(last.Checked) < CheckInterval)
            return last.Hash.WaitAsync(cancellationToken);
        var folder = bundles.Find(model);
        var files = Describe(folder);
        // Bundles have gigabytes: they are hashed once, and again after a file has changed.
        var known = _known.AddOrUpdate(
            model,
            _ => new Known(files, time.GetTimestamp(), Read(folder)),
            (_, old) =>
                old with
                {
                    Files = files,
                    Checked = time.GetTimestamp(),
                    Hash = old.Files == files && !old.Hash.IsFaulted ? old.Hash : Read(folder),
                }
        );
        return known.Hash.WaitAsync(cancellationToken);
    }

    private static Task<string?> Read(string folder) => Task.Run<string?>(() => BundleHash.Of(folder));

    private static string Describe(string folder)
    {
        try
        {
            return string.Join(
                '\n',
                BundleHash
                    .FilesOf(folder)
                    .Select(f =>
                        string.Create(CultureInfo.InvariantCulture, $"{f} {new FileInfo(f).Length} {File.GetLastWriteTimeUtc(f).Ticks}")
                    )
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"The model bundle '{folder}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The result of hashing a bundle.</summary>
    private sealed record Known(string Files, long Checked, Task<string?> Hash);
}
