using System.Formats.Tar;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;

namespace FreeMask.Pipeline.Trainers;

/// <summary>Keeps the checkpoints of a training program as artifacts, so that any silo can go on from them.</summary>
internal sealed partial class TrainerCheckpoints(string folder, IArtifactStore store, ITrainingMonitor monitor, ILogger logger)
{
    /// <summary>The folder of the last checkpoint, relative to the job file; null where there is none.</summary>
    internal string? Last { get; private set; }

    /// <summary>Writes a stored checkpoint back into the folder of the job.</summary>
    /// <exception cref="ArtifactStoreException">It cannot be read.</exception>
    internal async Task RestoreAsync(TrainingCheckpoint checkpoint, CancellationToken stop)
    {
        var relative = $"{TrainerJob.Checkpoints}/step-{checkpoint.Step}";
        var target = Directory.CreateDirectory(Path.Combine(folder, relative)).FullName;
        await using var stream = (await checkpoint.Content.OpenAsync(store, stop)).AsStream();
        await TarFile.ExtractToDirectoryAsync(stream, target, overwriteFiles: true, stop);
        Last = relative;
    }

    /// <summary>Stores a checkpoint; completes when it is durable.</summary>
    /// <exception cref="FreeMaskException">The program names a folder outside of its job.</exception>
    /// <exception cref="ArtifactStoreException">It cannot be stored.</exception>
    internal async Task KeepAsync(TrainerCheckpoint checkpoint)
    {
        var full = Path.GetFullPath(checkpoint.Folder, folder);
        var relative = Path.GetRelativePath(folder, full).Replace(Path.DirectorySeparatorChar, '/');
        if (!relative.StartsWith(TrainerJob.Checkpoints + "/", StringComparison.Ordinal) || !Directory.Exists(full))
            throw new FreeMaskException(
                $"The training program names '{checkpoint.Folder}' as its checkpoint; "
                    + $"a checkpoint is a folder in '{TrainerJob.Checkpoints}' of the job."
            );
        Last = relative;
        PiecedArtifact content;
        try
        {
            content = await PiecedArtifact.WriteAsync(
                store, stream => PackAsync(full, stream), PiecedArtifact.PieceSize, CancellationToken.None);
        }
        catch (IOException exception)
        {
            // Removed by the program meanwhile: the one before is still there.
            LogNotKept(logger, exception, relative);
            return;
        }

        await monitor.SaveAsync(new TrainingCheckpoint(checkpoint.Step, content.Artifact, content.Pieces), CancellationToken.None);
    }

    /// <summary>The files as a tape archive, in a fixed order.</summary>
    private static async Task PackAsync(string full, Stream stream)
    {
        await using var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var file in Directory.EnumerateFiles(full, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            await writer.WriteEntryAsync(file, Path.GetRelativePath(full, file).Replace(Path.DirectorySeparatorChar, '/'));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The checkpoint {Checkpoint} of the training program could not be stored")]
    private static partial void LogNotKept(ILogger logger, Exception exception, string checkpoint);
}
