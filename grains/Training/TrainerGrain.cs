using System.Collections.Immutable;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Randomness;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace FreeMask.Grains.Training;

/// <summary>Runs trainings in the background. No call waits for a training; the round polls, and is notified when a job ends.</summary>
// Placed at random, whatever the load: which silos can train is known only where one is asked (MoveOn).
[RandomPlacement]
internal sealed partial class TrainerGrain(
    [PersistentState("trainer", StorageNames.Coordination)] IPersistentState<Stored<TrainerRecord>> state,
    ISegmenterTraining training,
    IArtifactStore artifacts,
    IComputeEnvironment environment,
    ILocalSiloDetails self,
    IClusterMembershipService membership,
    IClusterManifestProvider manifests,
    IOptions<DeviceWorkerOptions> options,
    TimeProvider time,
    ILogger<TrainerGrain> logger) : Grain, ITrainerGrain
{
    // Tolerates a store whose clock is ahead of this one.
    private static readonly TimeSpan CheckpointAge = TimeSpan.FromDays(1);

    private readonly DurableRecord<TrainerRecord> _record = new(state);
    private Running? _running;
    private string? _problem;

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_running is not { } running) return;
        await running.Stop.CancelAsync();
        await Task.WhenAny(running.Task, Task.Delay(options.Value.StopTimeout, time, cancellationToken));
    }

    public async Task<JobReport> EnsureStarted(TrainingJob job)
    {
        await _record.RefreshAsync();
        var known = _record.Value?.Find(job.Id);
        if (known is not { IsDone: true } and not { Error: not null } && _running is null)
        {
            var own = await environment.DescribeAsync(job.Spec.Model, CancellationToken.None);
            var trains = job.Kind == JobKind.Train ? training.Refuse(job.Spec) : null;
            if (trains is not null) trains = $"silo {self.Name}: {trains}";
            if ((trains ?? EnvironmentCheck.Refuse(job.Spec, job.Environment, self.Name, own, null)) is { } refusal)
            {
                MoveOn(known);
                return ReportOf(job.Id, known, job.Title, job.Steps) with { Note = refusal };
            }

            if (_running is null && known?.IsRefusedBy(Address) == true)
            {
                if (MoveOn(known)) return ReportOf(job.Id, known, job.Title, job.Steps);
                await FailAsync(job, new FreeMaskException(known.Refusals is [var only] ? only.Message : known.Lack!));
                known = _record.Value?.Find(job.Id);
            }
            else if (_running is null)
            {
                Start(job, known);
            }
        }

        return ReportOf(job.Id, known, job.Title, job.Steps);
    }

    public async Task<JobReport?> GetJob(string id)
    {
        await _record.RefreshAsync();
        var known = _record.Value?.Find(id);
        return known is null && _running?.Job.Id != id ? null : ReportOf(id, known, _running?.Job.Title ?? id, 0);
    }

    public async Task<bool> Stop()
    {
        if (_running is not { } running) return true;
        await running.Stop.CancelAsync();
        return false;
    }

    public async Task<ImmutableArray<string>> GetArtifacts()
    {
        await _record.RefreshAsync();
        return [.. (_record.Value ?? TrainerRecord.Empty).Jobs.SelectMany(j => j.Artifacts)];
    }

    public Task ForgetResult(string id) => _record.UpdateAsync(r => (r ?? TrainerRecord.Empty) is var record && record.Find(id) is { } job
        ? record.With(new JobRecord { Id = job.Id })
        : record);

    public Task StoreLostWrites() => _record.ReadAgainAsync();

    public async Task Remove()
    {
        await _record.RemoveAsync();
        DeactivateOnIdle();
    }

    public Task ResetFailures() => _record.UpdateAsync(r => (r ?? TrainerRecord.Empty).ResetFailures());

    private string Address => self.SiloAddress.ToParsableString();

    private JobReport ReportOf(string id, JobRecord? known, string title, int steps)
    {
        if (_running is { } running && running.Job.Id == id)
            return new JobReport(JobState.Running, running.Monitor.Progress, null, null, running.Monitor.Seconds, null, NoteOf(known));
        var job = known ?? new JobRecord { Id = id };
        var jobState = job.IsDone ? JobState.Done : job.Error is not null ? JobState.Failed : JobState.Waiting;
        return new JobReport(
            jobState,
            new TrainingProgress(title, job.CheckpointStep, steps, null),
            job.Model,
            job.Quality,
            job.Seconds,
            job.Error,
            jobState is JobState.Waiting ? NoteOf(known) : null
        );
    }

    private string? NoteOf(JobRecord? job)
    {
        string?[] notes = [_problem is null ? null : $"waiting: {_problem}", job?.Lack];
        return notes.OfType<string>().ToList() is { Count: > 0 } all ? string.Join(" ", all) : null;
    }

    /// <summary>
    /// Moves on to the next silo in the order of their addresses, so that each is asked in turn. A mere deactivation would not leave this
    /// silo: callers remember where the grain was, and their next call would activate it here again, each time.
    /// </summary>
    /// <param name="job">The job, which is not offered to silos that lack its data.</param>
    /// <returns>False where there is no other silo.</returns>
    private bool MoveOn(JobRecord? job)
    {
        var others = membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(self.SiloAddress))
            .Select(member => member.SiloAddress)
            .Where(silo => HostsTrainers(silo) && job?.IsRefusedBy(silo.ToParsableString()) != true)
            .Order()
            .ToList();
        if (others.Count == 0) return false;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, others.Find(silo => silo.CompareTo(self.SiloAddress) > 0) ?? others[0]);
        MigrateOnIdle();
        RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        return true;
    }

    /// <summary>Whether trainers can be placed on a silo; one whose manifest has not arrived yet may be one.</summary>
    private bool HostsTrainers(SiloAddress silo) =>
        !manifests.Current.Silos.TryGetValue(silo, out var manifest) || manifest.Grains.ContainsKey(this.GetGrainId().Type);

    private void Start(TrainingJob job, JobRecord? known)
    {
        var record = known ?? new JobRecord { Id = job.Id };
        var stop = new CancellationTokenSource();
        var monitor = new Monitor(this, job, record, time, TaskScheduler.Current);
        _running = new Running(job, stop, monitor);
        _running.Task = RunAsync(job, record, monitor, stop.Token);
    }

    // Never throws. Runs on the grain's scheduler except for the training itself.
    private async Task RunAsync(TrainingJob job, JobRecord record, Monitor monitor, CancellationToken stop)
    {
        await Task.Yield();
        try
        {
            var done = job.Kind == JobKind.Train
                ? record with { Model = await TrainAsync(job, record, monitor, stop) }
                : record with { Quality = await EvaluateAsync(job, monitor, stop) };
            var last = done with
            {
                Checkpoint = null,
                CheckpointPieces = [],
                CheckpointStep = job.Steps,
                Seconds = monitor.Seconds,
                Refusals = [],
            };
            await KeepAsync(last);
            await RemoveAsync(monitor.Checkpoint, last);
            _problem = null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            LogStopped(logger, job.Id);
        }
        catch (SiloLacksDataException lack)
        {
            await RefuseAsync(job, lack);
        }
        catch (ArtifactLostException lost) when (record.CheckpointArtifacts.Contains(lost.Hash))
        {
            // Work after the checkpoint is repeated.
            LogCheckpointLost(logger, lost, job.Id);
            await ForgetCheckpointAsync(record);
        }
        catch (ArtifactStoreException exception) when (exception is not ArtifactLostException)
        {
            // Retried after a delay; repeated equal errors are logged once.
            var problem = WaitReasons.Of(exception);
            if (_problem != problem) LogGivenUp(logger, exception, job.Id);
            _problem = problem;
        }
        catch (Exception exception)
        {
            await FailAsync(job, exception);
        }

        _running = null;
        await GrainFactory.GetRound(this.GetPrimaryKeyString(), job.Round).NotifyChanged();
    }

    private async Task<SegmenterModel> TrainAsync(TrainingJob job, JobRecord record, Monitor monitor, CancellationToken stop)
    {
        var samples = await SampleLists.ReadAsync(artifacts, job.Lists, stop);
        var examples = samples
            .Where(s => job.LeftOut is not { } fold || SamplePlanner.FoldOf(job.Spec, s.Index) != fold)
            .Select(s => new TrainingExample(s.Image, s.Label))
            .ToList();
        if (examples.Count == 0)
            throw new FreeMaskException(
                $"There is nothing to train {job.Title} on: no sample was left. Make more samples per round, or look at why they are "
                    + "quarantined."
            );
        var seed = new CounterRandom(job.Spec.Seed, job.Round, job.LeftOut ?? -1, "training").NextUInt64();
        var request = new TrainingRequest(job.Spec, examples, seed, job.Steps, record.Resume);
        var restored = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            try
            {
                return await Task.Run(() => training.TrainAsync(request, monitor, stop), stop);
            }
            catch (ArtifactLostException lost) when (!record.CheckpointArtifacts.Contains(lost.Hash) && restored.Add(lost.Hash))
            {
                LogExampleLost(logger, lost, job.Id);
                if (!await RestoreAsync(job, samples, lost.Hash)) throw;
            }
        }
    }

    /// <summary>Has a training example recomputed from the record of its sample.</summary>
    private async Task<bool> RestoreAsync(TrainingJob job, IReadOnlyList<ListedSample> samples, string hash)
    {
        var run = this.GetPrimaryKeyString();
        foreach (var index in samples.Where(s => s.Image == hash || s.Label == hash).Select(s => s.Index).Distinct())
        {
            // A list does not contain the round; the record that refers to the artifact does.
            for (var round = 0; round <= job.Round; round++)
            {
                if (await GrainFactory.GetSample(run, round, index).Get() is { } record && record.Artifacts.Any(a => a.Hash == hash))
                    return await GrainFactory.GetGrain<IArtifactRestorerGrain>(run).Restore(job.Spec, round, index, hash);
            }
        }

        return false;
    }

    private async Task<SegmenterQuality> EvaluateAsync(TrainingJob job, Monitor monitor, CancellationToken stop)
    {
        var quality = job.Model is { } model
            ? await Task.Run(() => training.EvaluateAsync(job.Spec, model, monitor, stop), stop)
            : await Task.Run(() => training.EvaluateStartAsync(job.Spec, monitor, stop), stop);
        if (quality is null) return new SegmenterQuality(double.NaN, []);
        LogMeasured(logger, job.Id, quality.MeanIoU, quality.Classes.Length);
        return quality;
    }

    /// <summary>Records that this silo lacks data of a job. The next call moves on to another one, or fails the job.</summary>
    private async Task RefuseAsync(TrainingJob job, SiloLacksDataException lack)
    {
        LogLack(logger, job.Id, lack.Message);
        try
        {
            var refusal = new JobRefusal(Address, self.Name, lack.Message);
            await _record.UpdateAsync(r =>
            {
                var record = r ?? TrainerRecord.Empty;
                return record.With((record.Find(job.Id) ?? new JobRecord { Id = job.Id }).With(refusal));
            });
        }
        catch (Exception storage)
        {
            // The job starts here again, and finds the same.
            LogGivenUp(logger, storage, job.Id);
        }
    }

    private async Task FailAsync(TrainingJob job, Exception exception)
    {
        LogFailed(logger, exception, job.Id);
        var message =
            exception is FreeMaskException ? exception.Message : $"{job.Title} failed: {exception.GetType().Name}: {exception.Message}";
        try
        {
            await _record.UpdateAsync(r => WithError(r ?? TrainerRecord.Empty, job.Id, message));
        }
        catch (Exception storage)
        {
            // The failure is not stored: the job starts again from its checkpoint and fails again if the cause remains.
            LogGivenUp(logger, storage, job.Id);
        }
    }

    /// <summary>Removes a checkpoint without references; if that fails, the artifact collector removes it later.</summary>
    /// <param name="checkpoint">Its artifacts.</param>
    /// <param name="kept">The job as it is now; what it refers to stays.</param>
    private async Task RemoveAsync(IReadOnlyList<string> checkpoint, JobRecord kept)
    {
        foreach (var artifact in checkpoint.Except(kept.Artifacts))
        {
            try
            {
                await artifacts.DeleteAsync(artifact, time.GetUtcNow() + CheckpointAge, CancellationToken.None);
            }
            catch (ArtifactStoreException exception)
            {
                LogNotRemoved(logger, exception);
            }
        }
    }

    private async Task ForgetCheckpointAsync(JobRecord job)
    {
        try
        {
            await KeepAsync(job with { Checkpoint = null, CheckpointPieces = [], CheckpointStep = 0 });
        }
        catch (ArtifactStoreException exception)
        {
            LogGivenUp(logger, exception, job.Id);
        }
    }

    private static TrainerRecord WithError(TrainerRecord record, string id, string message) =>
        record.With((record.Find(id) ?? new JobRecord { Id = id }) with { Error = message });

    /// <summary>Stores a job. A failed write may have been applied; writing the same again is idempotent.</summary>
    private async Task KeepAsync(JobRecord job)
    {
        try
        {
            await RetryPolicies.IdempotentWrite.ExecuteInGrainAsync(() => _record.UpdateAsync(r => (r ?? TrainerRecord.Empty).With(job)));
        }
        catch (Exception exception)
        {
            throw new ArtifactStoreException($"The result of {job.Id} could not be kept: {WaitReasons.Of(exception)}", exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job}: mIoU {MeanIoU:0.000} over {Classes} classes")]
    private static partial void LogMeasured(ILogger logger, string job, double meanIoU, int classes);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job} was stopped; it goes on from its last checkpoint")]
    private static partial void LogStopped(ILogger logger, string job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} was given up for now; it is tried again")]
    private static partial void LogGivenUp(ILogger logger, Exception exception, string job);

    [LoggerMessage(Level = LogLevel.Debug, Message = "An old checkpoint could not be removed")]
    private static partial void LogNotRemoved(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The checkpoint of job {Job} is lost; it starts from the beginning")]
    private static partial void LogCheckpointLost(ILogger logger, Exception exception, string job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An example of job {Job} is lost; it is made again")]
    private static partial void LogExampleLost(ILogger logger, Exception exception, string job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} cannot run on this silo: {Lack}")]
    private static partial void LogLack(ILogger logger, string job, string lack);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {Job} failed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string job);

    private sealed class Running(TrainingJob job, CancellationTokenSource stop, Monitor monitor)
    {
        public TrainingJob Job { get; } = job;

        public CancellationTokenSource Stop { get; } = stop;

        public Monitor Monitor { get; } = monitor;

        public Task Task { get; set; } = Task.CompletedTask;
    }

    /// <summary>Progress and checkpoints of a job: called on any thread, it stores checkpoints on the grain's scheduler.</summary>
    private sealed class Monitor(TrainerGrain trainer, TrainingJob job, JobRecord begun, TimeProvider time, TaskScheduler scheduler)
        : ITrainingMonitor
    {
        private readonly long _started = time.GetTimestamp();
        private volatile TrainingProgress _progress = new(job.Title, begun.CheckpointStep, job.Steps, null);

        public TrainingProgress Progress => _progress;

        /// <summary>The artifacts of the last stored checkpoint.</summary>
        public IReadOnlyList<string> Checkpoint { get; private set; } = [.. begun.CheckpointArtifacts];

        public double Seconds => begun.Seconds + time.GetElapsedTime(_started).TotalSeconds;

        public void Report(int step, int steps, double? loss) => _progress = new TrainingProgress(job.Title, step, steps, loss);

        public Task SaveAsync(TrainingCheckpoint checkpoint, CancellationToken cancellationToken)
        {
            var kept = begun with
            {
                Checkpoint = checkpoint.Artifact,
                CheckpointPieces = checkpoint.Content.Pieces,
                CheckpointStep = checkpoint.Step,
                Seconds = Seconds,
            };
            return Task.Factory.StartNew(() => KeepAsync(kept), cancellationToken, TaskCreationOptions.DenyChildAttach, scheduler).Unwrap();
        }

        private async Task KeepAsync(JobRecord kept)
        {
            await trainer.KeepAsync(kept);
            trainer._problem = null;
            // Only now is the previous checkpoint unreferenced.
            await trainer.RemoveAsync(Checkpoint, kept);
            Checkpoint = [.. kept.CheckpointArtifacts];
        }
    }
}
