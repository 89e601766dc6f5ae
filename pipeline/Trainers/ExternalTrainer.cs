using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Vision;

namespace FreeMask.Pipeline.Trainers;

/// <summary>
/// Trains a segmenter by a program of the user (docs/trainers.md): writes the samples as a data set with a job file, runs the program,
/// stores its checkpoints, and takes its model back. A program that was killed is started again from its last checkpoint.
/// </summary>
/// <param name="root">Where the folders of the programs are made.</param>
/// <param name="store">Where samples, checkpoints and models are.</param>
/// <param name="time">The clock of the limits.</param>
/// <param name="logger">Gets what the programs say.</param>
internal sealed partial class ExternalTrainer(string root, IArtifactStore store, TimeProvider time, ILogger logger)
{
    // Starts in a row without a new checkpoint.
    private const int MaxStarts = 3;

    private const int SideMultiple = 32;

    /// <summary>Trains a model.</summary>
    /// <param name="request">What to train; its specification names the program.</param>
    /// <param name="real">Real images to train on besides; null for none.</param>
    /// <param name="classes">The label set of the run.</param>
    /// <param name="initial">The folder of the starting weights; null for none.</param>
    /// <param name="monitor">Gets progress and checkpoints.</param>
    /// <param name="stop">Stops the program after a checkpoint.</param>
    /// <exception cref="FreeMaskException">The program cannot be started, failed, fell silent, or left no usable model.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    internal async Task<SegmenterModel> TrainAsync(
        TrainingRequest request,
        RealImages? real,
        LabelSet classes,
        string? initial,
        ITrainingMonitor monitor,
        CancellationToken stop
    )
    {
        var trainer = request.Spec.Trainer;
        using var folder = TrainerFolder.Create(root);
        var examples = new TrainerExamples(request.Examples, real, store);
        var dataset = await TrainerDataset.WriteAsync(
            folder.Path, examples, classes, trainer.ValidationShare, request.Seed, stop);
        var size = trainer.Size ?? (dataset.LongestSide + SideMultiple - 1) / SideMultiple * SideMultiple;
        var checkpoints = new TrainerCheckpoints(folder.Path, store, monitor, logger);
        if (request.Checkpoint is { } last) await checkpoints.RestoreAsync(last, stop);
        for (var starts = 1; ; starts++)
        {
            var before = checkpoints.Last;
            var job = TrainerJob.Write(folder.Path, request, classes, size, initial, dataset, before);
            var exit = await new TrainerProcess(time, logger).RunAsync(
                trainer.Command, job, TimeSpan.FromSeconds(trainer.MaxSilence), ReceiveAsync, stop);
            stop.ThrowIfCancellationRequested();
            if (exit is { Code: 0, IsSilent: false })
            {
                var image = await examples.ImageAsync(0, stop);
                return await TrainerResult.ReadAsync(Path.Combine(folder.Path, TrainerJob.Output), classes.Names, size, image, store, stop);
            }

            if (checkpoints.Last != before) starts = 1;
            if (!exit.IsKilled || starts >= MaxStarts) throw Failed(trainer, exit, starts);
            LogKilled(logger, exit.Code, checkpoints.Last ?? "the beginning");
        }

        async Task ReceiveAsync(TrainerMessage message)
        {
            if (message is TrainerProgress progress) monitor.Report(progress.Step, request.Steps, progress.Loss);
            else if (message is TrainerCheckpoint checkpoint) await checkpoints.KeepAsync(checkpoint);
        }
    }

    private static FreeMaskException Failed(TrainerSpec trainer, TrainerExit exit, int starts)
    {
        var program = string.Join(' ', trainer.Command);
        var what = exit switch
        {
            { IsSilent: true } => $"sent no message for {trainer.MaxSilence} s (trainer.maxSilence) and was ended",
            { IsKilled: true } =>
                $"was killed {starts} times without a new checkpoint (exit code {exit.Code}; 137 is often want of memory)",
            _ => $"ended with exit code {exit.Code}",
        };
        var said = exit.LastErrors.Count == 0
            ? " It wrote nothing to standard error."
            : $" The last that it wrote to standard error:\n{string.Join('\n', exit.LastErrors)}";
        return new FreeMaskException($"The training program '{program}' {what}.{said}");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The training program was killed (exit code {Code}); it goes on from {Checkpoint}")]
    private static partial void LogKilled(ILogger logger, int code, string checkpoint);
}
