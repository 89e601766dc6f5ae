using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using Microsoft.Extensions.Logging;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// The trainings and evaluations of a round at the run's trainer: what is under way, and which models the store has lost.
/// </summary>
/// <param name="grains">Access to the trainer.</param>
/// <param name="artifacts">The store of the models.</param>
/// <param name="failed">Called with the error of a job that failed.</param>
/// <param name="logger">Tells which models are lost.</param>
internal sealed partial class RoundTraining(IGrainFactory grains, IArtifactStore artifacts, Action<string?> failed, ILogger logger)
{
    private readonly Queue<TrainingJob> _lostModels = [];

    /// <summary>The progress of the job under way; null where there is none.</summary>
    public TrainingProgress? Progress { get; private set; }

    /// <summary>What the trainer tells users about the last job; null for nothing.</summary>
    public string? Note { get; private set; }

    /// <summary>Whether models are lost that have to be trained again.</summary>
    public bool HasLostModels => _lostModels.Count > 0;

    /// <summary>Ensures that a job runs, and shows its progress.</summary>
    /// <returns>Its report if it is done; null before.</returns>
    public async Task<JobReport?> EnsureAsync(RoundRecord record, TrainingJob job)
    {
        var done = await EnsureBesideAsync(record, job);
        Progress = done.State == JobState.Done ? null : done.Progress;
        return done.State == JobState.Done ? done : null;
    }

    /// <summary>Ensures that a job runs beside the production of samples, whose progress is shown instead.</summary>
    /// <returns>Its report.</returns>
    public async Task<JobReport> EnsureBesideAsync(RoundRecord record, TrainingJob job)
    {
        var report = await TrainerOf(record).EnsureStarted(job);
        Note = report.Note;
        if (report.State == JobState.Failed) failed(report.Error);
        return report;
    }

    /// <summary>Stops the job under way.</summary>
    /// <returns>True when none is running any more.</returns>
    public async Task<bool> StopAsync(string run)
    {
        var isIdle = await grains.GetGrain<ITrainerGrain>(run).Stop();
        Progress = null;
        return isIdle;
    }

    /// <summary>
    /// Has failed jobs tried again, and finds models that the store has lost. Training again gives the same bytes, so no record changes.
    /// </summary>
    public async Task RetryAsync(RoundRecord record)
    {
        await TrainerOf(record).ResetFailures();
        _lostModels.Clear();
        foreach (var (model, job) in RoundJobs.Models(record))
        {
            if (await AreWholeAsync(model.Hashes)) continue;
            LogModelLost(logger, job.Id);
            await TrainerOf(record).ForgetResult(job.Id);
            _lostModels.Enqueue(job);
        }
    }

    /// <summary>Trains the next lost model again.</summary>
    /// <returns>True when it is done.</returns>
    public async Task<bool> RemakeAsync(RoundRecord record)
    {
        if (await EnsureAsync(record, _lostModels.Peek()) is null) return false;
        _lostModels.Dequeue();
        return true;
    }

    /// <summary>Notifies the trainer that the store has lost writes.</summary>
    public Task StoreLostWritesAsync(RoundRecord record) => TrainerOf(record).StoreLostWrites();

    private async Task<bool> AreWholeAsync(IEnumerable<string> hashes)
    {
        try
        {
            foreach (var hash in hashes) await artifacts.GetAsync(hash, CancellationToken.None);
            return true;
        }
        catch (ArtifactLostException)
        {
            return false;
        }
    }

    private ITrainerGrain TrainerOf(RoundRecord record) => grains.GetGrain<ITrainerGrain>(record.Assignment.Run);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The model of job {Job} is lost; it is trained again")]
    private static partial void LogModelLost(ILogger logger, string job);
}
