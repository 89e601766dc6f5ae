using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Onnx;

namespace FreeMask.Cli.Hub;

/// <summary>Downloads an export from a hub into a folder. Correct files are not downloaded again; partial ones are continued.</summary>
/// <param name="hub">The hub.</param>
/// <param name="report">Takes one line of progress at a time.</param>
/// <param name="time">Limits the frequency of progress lines.</param>
internal sealed class Puller(HubClient hub, Action<string> report, TimeProvider time)
{
    private const string Part = ".part", Busy = ".pull";

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(5);

    /// <summary>Downloads.</summary>
    /// <param name="reference">The repository.</param>
    /// <param name="variant">Of an ONNX export: the files of this variant.</param>
    /// <param name="folder">The target folder.</param>
    /// <param name="stop">Cancels; the same call continues the download.</param>
    /// <param name="choose">Selects the files, with the path of each; null for those of an ONNX export.</param>
    /// <exception cref="FreeMaskException">The hub, the network or the disk failed; the same command continues.</exception>
    internal async Task<PullLock> PullAsync(
        HubReference reference,
        string? variant,
        string folder,
        CancellationToken stop,
        Func<HubListing, IReadOnlyList<(HubFile File, string Path)>>? choose = null
    )
    {
        Directory.CreateDirectory(folder);
        using var busy = Occupy(folder);
        hub.Notice = report;
        var earlier = await PullLock.BeginAsync(folder, reference, stop);
        var listing = await hub.ListAsync(reference, stop);
        var chosen = choose is null ? HubSelection.Choose(listing, reference, variant) : choose(listing);
        report(
            $"{reference.Repository} at {listing.Commit}: {chosen.Count} files, "
                + $"{ByteSize.Megabytes(chosen.Sum(item => item.File.Size ?? 0))}"
        );
        if (HubSelection.WithoutVariant(chosen, variant) is { Count: > 0 } plain)
            report($"no {variant} of {string.Join(", ", plain)}: the plain files are taken.");
        var files = await FilesAsync(reference, listing.Commit, chosen, folder, stop);
        // The graphs name the files of their weights.
        var weights = choose is null
            ? chosen
                .Where(IsGraph)
                .SelectMany(graph => HubSelection.Weights(listing, reference, graph, LocationsOf(folder, graph.Path)))
                .DistinctBy(item => item.Path)
                .ToList()
            : [];
        if (weights.Count > 0)
            report($"weights of the graphs: {weights.Count} files, {ByteSize.Megabytes(weights.Sum(item => item.File.Size ?? 0))}");
        files.AddRange(await FilesAsync(reference, listing.Commit, weights, folder, stop));
        var after = new PullLock(
            reference.Repository,
            reference.Revision,
            listing.Commit,
            [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)]
        );
        // Files of an earlier revision or variant that this one does not have.
        foreach (var old in (earlier?.Files ?? []).ExceptBy(after.Files.Select(file => file.Path), file => file.Path))
            File.Delete(TargetOf(folder, old.Path));
        await after.WriteAsync(folder, stop);
        return after;
    }

    private async Task<List<PulledFile>> FilesAsync(
        HubReference reference,
        string commit,
        IReadOnlyList<(HubFile File, string Path)> chosen,
        string folder,
        CancellationToken stop
    )
    {
        CheckSpace(folder, chosen);
        var files = new List<PulledFile>();
        foreach (var (file, path) in chosen) files.Add(await FileAsync(reference, commit, file, path, folder, stop));
        return files;
    }

    private static bool IsGraph((HubFile File, string Path) item) => item.Path.EndsWith(".onnx", StringComparison.Ordinal);

    private static IReadOnlyList<string> LocationsOf(string folder, string graph) =>
        OnnxGraphReader.Read(Path.Combine(folder, graph)).ExternalFiles;

    /// <summary>The path of a file. Listings are validated when they are read; this check is the last one before writing.</summary>
    private static string TargetOf(string folder, string path)
    {
        var (root, target) = (Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), Path.GetFullPath(Path.Combine(folder, path)));
        return HubListing.StaysInside(path) && target.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? target
            : throw new FreeMaskException($"'{path}' would be written outside of {folder}; it is not fetched.");
    }

    private static FileStream Occupy(string folder)
    {
        try
        {
            return new FileStream(
                Path.Combine(folder, Busy),
                FileMode.OpenOrCreate,
                FileAccess.Write,
                FileShare.None,
                1,
                FileOptions.DeleteOnClose
            );
        }
        catch (IOException exception)
        {
            throw new FreeMaskException($"Another process pulls into {folder}; wait for it, or name another folder with --out.", exception);
        }
    }

    private static void CheckSpace(string folder, IReadOnlyList<(HubFile File, string Path)> chosen)
    {
        long Have(string target) =>
            File.Exists(target) ? ModelFiles.LengthOf(target)
            : File.Exists(target + Part) ? ModelFiles.LengthOf(target + Part)
            : 0;
        var missing = chosen.Sum(item => Math.Max(0, (item.File.Size ?? 0) - Have(TargetOf(folder, item.Path))));
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (missing > free)
            throw new FreeMaskException(
                $"{folder} needs {ByteSize.Megabytes(missing)} more, and its disk has {ByteSize.Megabytes(free)}; make room, or name "
                    + "another folder with --out."
            );
    }

    private async Task<PulledFile> FileAsync(
        HubReference reference,
        string commit,
        HubFile file,
        string path,
        string folder,
        CancellationToken stop
    )
    {
        var target = TargetOf(folder, path);
        if (ModelFiles.IsThere(target) && CanBeChecked(file) && await IsRightAsync(target, file, stop))
            return await PulledAsync(file, path, target, stop);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var part = target + Part;
        if (File.Exists(part) && (!CanBeChecked(file) || ModelFiles.LengthOf(part) > file.Size)) File.Delete(part);
        try
        {
            // A download that was interrupted during the hash has all bytes, and a range after the end is an error.
            await using var stream = new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (stream.Length == 0 || stream.Length != file.Size)
                await hub.FetchAsync(reference, commit, file, stream, Meter(path, file.Size), stop);
        }
        catch (IOException exception) when (exception is not HttpIOException)
        {
            throw new FreeMaskException(
                $"{part} cannot be written: {exception.Message}. Make room or repair the folder; the same command goes on where it "
                    + "stopped.",
                exception
            );
        }

        // Some proxies and mirrors return the Git LFS pointer in place of a large file.
        if (file.Sha256 is not null && ModelFiles.IsPointer(part))
        {
            File.Delete(part);
            throw new FreeMaskException(
                $"{path}: the hub sent a git-lfs pointer in place of the file; this mirror does not serve large files. Set "
                    + $"{HubClient.EndpointVariable} to one that does."
            );
        }

        if (!await IsRightAsync(part, file, stop))
        {
            File.Delete(part);
            throw new FreeMaskException(
                $"{path} arrived damaged (its hash differs from the hub's) and was deleted; run the same command again."
            );
        }

        File.Move(part, target, overwrite: true);
        return await PulledAsync(file, path, target, stop);
    }

    /// <summary>A verified file; if the hub states its hash, it need not be read again.</summary>
    private static async Task<PulledFile> PulledAsync(HubFile file, string path, string target, CancellationToken stop) =>
        new(path, file.Path, ModelFiles.LengthOf(target), file.Sha256 ?? await PullLock.Sha256Async(target, stop));

    private static bool CanBeChecked(HubFile file) => (file.Sha256 ?? file.GitHash) is not null || file.Size is not null;

    private static async Task<bool> IsRightAsync(string path, HubFile file, CancellationToken stop)
    {
        if (file.Size is { } size && ModelFiles.LengthOf(path) != size) return false;
        if (file.Sha256 is { } sha256) return await PullLock.Sha256Async(path, stop) == sha256;
        return file.GitHash is not { } git || await PullLock.GitHashAsync(path, stop) == git;
    }

    private Action<long> Meter(string path, long? size)
    {
        var said = time.GetTimestamp();
        return received =>
        {
            if (received < size && time.GetElapsedTime(said) < Pace) return;
            said = time.GetTimestamp();
            report(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{path}: {received / 1e6:0.0}{(size is null ? "" : $" of {size / 1e6:0.0}")} MB"
                )
            );
        };
    }
}
