using System.Collections.Immutable;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// Leads a round through its phases. Each reconcile step reads the durable record and does what the phase still needs. Steps are
/// idempotent, so that a crash between an effect and its record only repeats the effect.
/// </summary>
internal sealed partial class RoundGrain(
    [PersistentState("round", StorageNames.Coordination)] IPersistentState<Stored<RoundRecord>> state,
    StageTable stages,
    IArtifactStore artifacts,
    IOptions<CoordinationOptions> options,
    TimeProvider time,
    ILogger<RoundGrain> logger) : Grain, IRoundGrain
{
    private const int ShardsAtATime = 4;

    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(2);

    private readonly DurableRecord<RoundRecord> _record = new(state);
    private readonly CoordinationOptions _options = options.Value;
    private readonly RateMeter _rate = new(time);
    private readonly Dictionary<int, ShardReport> _shards = [];
    private readonly Dictionary<int, SampleState> _settled = [];
    private readonly Queue<TrainingJob> _lostModels = [];
    private ReconcileLoop _loop = null!;
    private Task? _reading;
    private RoundAssignment? _assignment;
    private TrainingProgress? _training;
    private string? _error, _trainerNote;
    private bool _suspended, _idle = true, _selectAgain;
    private long? _checked;
    private (RoundPhase? Phase, bool Idle, string? Error) _lastNotified;

    private RoundRecord Record =>
        _record.Value ?? throw new InvalidOperationException($"Round {this.GetPrimaryKeyString()} has not begun.");

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _loop = new ReconcileLoop(
            this,
            ReconcileAsync,
            exception => LogStepFailed(logger, exception, this.GetPrimaryKeyString()),
            _options.ReconcileInterval
        );
        return Task.CompletedTask;
    }

    public Task<RoundReport> Reconcile(RoundAssignment assignment, bool suspended)
    {
        if (!suspended) _idle = false;
        (_assignment, _suspended) = (assignment, suspended);
        _loop.Signal();
        return Task.FromResult(Report());
    }

    public Task NotifyChanged()
    {
        if (_assignment is not null) _loop.Signal();
        return Task.CompletedTask;
    }

    public async Task<RoundReport> GetReport()
    {
        await ReadShardsAsync();
        return Report();
    }

    /// <summary>Reads the shards of an inactive round that this activation has not reconciled.</summary>
    private Task ReadShardsAsync()
    {
        if (_record.Value is not { Tally: null, Phase: not RoundPhase.Planning } record || _shards.Count == ShardCount(record))
            return Task.CompletedTask;
        return _reading ??= ReadAsync();

        async Task ReadAsync()
        {
            try
            {
                var missing = Enumerable.Range(0, ShardCount(record)).Where(shard => !_shards.ContainsKey(shard)).ToList();
                var reports = await Fanout.CallAsync(
                    missing,
                    shard =>
                        RetryPolicies.ReadCall.ExecuteInGrainAsync(() =>
                            GrainFactory
                                .GetShard(record.Assignment.Run, record.Assignment.Round, shard)
                                .GetReport(DesiredStateOf(record, shard, suspended: true))
                        ),
                    ShardsAtATime
                );
                foreach (var (shard, report) in missing.Zip(reports)) _shards.TryAdd(shard, report);
            }
            finally
            {
                _reading = null;
            }
        }
    }

    private RoundReport Report()
    {
        var number = GrainKeys.ParseRound(this.GetPrimaryKeyString());
        if (_record.Value is not { } record) return new RoundReport(new RoundStatus { Round = number, Error = _error }, [], [], _idle);
        var tally = record.Tally ?? RoundTally.Of(record.Assignment.Spec.SamplesPerRound, _shards.Values);
        var status = new RoundStatus
        {
            Round = number,
            Phase = record.Phase,
            Counts = tally.Counts,
            Thresholds = record.Thresholds,
            Objects = record.Objects,
            Quality = record.Quality,
            StartQuality = record.StartQuality is { Classes.IsEmpty: false } start ? start : null,
            Seconds = tally.Seconds with { Train = record.TrainSeconds, Evaluate = record.EvaluateSeconds },
            Rate = record.Phase is RoundPhase.Producing or RoundPhase.Scoring && !_suspended ? _rate.PerSecond : 0,
            Training = _training,
            Failures = tally.Failures,
            Segmenter = record.Segmenter,
            Error = _error,
            StartedAt = record.StartedAt,
            EndedAt = record.EndedAt,
            Notes =
                record.Phase == RoundPhase.Closed
                    ? []
                    :
                    [
                        .. _shards
                            .Values.SelectMany(s => s.Notes.IsDefault ? [] : s.Notes)
                            .Append(_trainerNote)
                            .OfType<string>()
                            .Distinct(),
                    ],
        };
        return new RoundReport(status, record.KeptLists, record.ManifestParts, _idle);
    }

    public async Task Retry(int[]? indices)
    {
        await _record.RefreshAsync();
        _error = null;
        _settled.Clear();
        if (_record.Value is not { } record) return;
        await Trainer(record).ResetFailures();
        await FindLostModelsAsync(record);
        if (record.Phase is RoundPhase.Producing or RoundPhase.Scoring)
        {
            for (var shard = 0; shard < ShardCount(record); shard++)
            {
                // The scoring model must be restored before anything is scored.
                if (_lostModels.Count > 0) await ReconcileShardAsync(record, shard, suspended: true);
                await GrainFactory
                    .GetShard(record.Assignment.Run, record.Assignment.Round, shard)
                    .Retry(DesiredStateOf(record, shard, suspended: true), indices);
            }
        }

        _loop.Signal();
    }

    public async Task RestoreLists()
    {
        await _record.RefreshAsync();
        if (_record.Value is not { } record) return;
        if (record.Donors is not null) await WriteDonorsAsync(record);
        if (!record.Candidates.IsDefaultOrEmpty) await WriteListsAsync(record, SampleListKind.Candidates);
        if (!record.KeptLists.IsDefaultOrEmpty) await WriteListsAsync(record, SampleListKind.Kept);
        if (!record.ManifestParts.IsDefaultOrEmpty) await WriteManifestAsync(record);
    }

    public async Task StoreLostWrites()
    {
        // Every shard that finds the loss reports it.
        if (_checked is { } last && time.GetElapsedTime(last) < CheckInterval) return;
        _checked = time.GetTimestamp();
        LogStoreLostWrites(logger, this.GetPrimaryKeyString());
        await _record.ReadAgainAsync();
        _settled.Clear();
        if (_record.Value is { } record)
        {
            foreach (var (shard, _) in ShardsOf(record)) await shard.Verify();
            await Trainer(record).StoreLostWrites();
        }

        if (_assignment is not { } assignment) return;
        await GrainFactory.GetGrain<IRunGrain>(assignment.Run).StoreLostWrites();
        _loop.Signal();
    }

    public async Task Remove()
    {
        await _record.RefreshAsync();
        (_assignment, _error) = (null, null);
        _loop.Rest();
        if (_record.Value is { } record)
            foreach (var (shard, desired) in ShardsOf(record).ToList()) await shard.Remove(desired);
        await _record.RemoveAsync();
        DeactivateOnIdle();
    }

    public async Task<SamplePage> GetSamples(SampleQuery query)
    {
        if (_record.Value is not { } record || record.Phase == RoundPhase.Planning) return new SamplePage([], null);
        var found = ImmutableArray.CreateBuilder<SampleRecord>();
        var limit = Math.Clamp(query.Limit, 1, 1000);
        for (var shard = Math.Max(0, query.From) / ShardSize(record); shard < ShardCount(record); shard++)
        {
            var rest = query with { Limit = limit - found.Count };
            var reader = GrainFactory.GetShard(record.Assignment.Run, record.Assignment.Round, shard);
            var desired = DesiredStateOf(record, shard, suspended: true);
            var page = await RetryPolicies.ReadCall.ExecuteInGrainAsync(() => reader.GetSamples(rest, desired));
            found.AddRange(page.Samples);
            if (page.Next is not null) return new SamplePage(found.ToImmutable(), page.Next);
            if (found.Count == limit && shard + 1 < ShardCount(record))
                return new SamplePage(found.ToImmutable(), (shard + 1) * ShardSize(record));
        }

        return new SamplePage(found.ToImmutable(), null);
    }

    public async Task<ImmutableArray<ShardStates>> GetSampleStates(ImmutableArray<string?> known)
    {
        if (_record.Value is not { } record || record.Phase == RoundPhase.Planning) return [];
        var states = await Fanout.CallAsync(Enumerable.Range(0, ShardCount(record)), shard =>
        {
            var reader = GrainFactory.GetShard(record.Assignment.Run, record.Assignment.Round, shard);
            var version = known.IsDefault || shard >= known.Length ? null : known[shard];
            var desired = DesiredStateOf(record, shard, suspended: true);
            return RetryPolicies.ReadCall.ExecuteInGrainAsync(() => reader.GetStates(desired, version));
        });
        return [.. states.OfType<ShardStates>().OrderBy(s => s.First)];
    }

    public async Task<RoundArtifacts> GetArtifacts()
    {
        await _record.RefreshAsync();
        return _record.Value is { } record ? new RoundArtifacts([.. record.Artifacts], record.Donors) : new RoundArtifacts([], null);
    }

    private static int ShardSize(RoundRecord record) => record.Assignment.Spec.Execution.ShardSize;

    private static int ShardCount(RoundRecord record) =>
        (record.Assignment.Spec.SamplesPerRound + ShardSize(record) - 1) / ShardSize(record);

    private static int SamplesOf(RoundRecord record, int shard) =>
        Math.Min(ShardSize(record), record.Assignment.Spec.SamplesPerRound - (shard * ShardSize(record)));

    private ShardDesiredState DesiredStateOf(RoundRecord record, int shard, bool suspended) => new(
        record.Assignment.Run, record.Assignment.Spec, record.Assignment.Round, shard * ShardSize(record), SamplesOf(record, shard),
        record.Target(stages), suspended, record.Donors, record.ScoringModels, record.Assignment.Environment);

    private async Task ReconcileAsync()
    {
        if (_assignment is not { } assignment) return;
        await _record.RefreshAsync();
        if (_record.Value is { Phase: RoundPhase.Closed })
        {
            _idle = true;
            _loop.Rest();
            await NotifyRunAsync(assignment);
            return;
        }

        if (_suspended || _error is not null)
        {
            await HoldAsync(assignment);
            return;
        }

        _idle = false;
        await _record.UpdateAsync(r => r ?? RoundRecord.Begin(assignment, time.GetUtcNow()));
        while (!_suspended && _error is null && await AdvanceAsync(Record)) await NotifyRunAsync(assignment);
        NoteRate();
        await NotifyRunAsync(assignment);
        if (_error is not null || Record.Phase == RoundPhase.Closed) _loop.Signal();
    }

    /// <summary>Executes what the phase needs.</summary>
    /// <returns>True if the phase changed, false if it waits.</returns>
    private Task<bool> AdvanceAsync(RoundRecord record) =>
        _lostModels.TryPeek(out var lost)
            ? RemakeAsync(record, lost)
            : record.Phase switch
            {
                RoundPhase.Planning => TakeEdgeAsync(r => r.LaidOut()),
                RoundPhase.Producing => ProduceAsync(record),
                RoundPhase.Scoring => ScoreAsync(record),
                RoundPhase.Selecting => SelectAsync(record),
                RoundPhase.Training => TrainAsync(record),
                RoundPhase.Evaluating => EvaluateAsync(record),
                _ => Task.FromResult(false),
            };

    private async Task<bool> ProduceAsync(RoundRecord record)
    {
        var isMeasured = !record.LacksStartQuality || await MeasureStartAsync(record);
        if (!await SettleAsync(record) || !isMeasured) return false;
        if (AllLost(record)) return false;
        if (record.Donors is null)
        {
            if (await WriteDonorsAsync(record) is not { } donors) return Unsettle();
            return await TakeEdgeAsync(r => r.AllMasked(donors));
        }

        // Only fold models are trained on candidates.
        var candidates = record.IsCrossFitted ? await WriteListsAsync(record, SampleListKind.Candidates) : [];
        if (candidates is null) return Unsettle();
        return await TakeEdgeAsync(r => r.AllHarmonized([.. candidates.Select(c => c.Hash)]));
    }

    /// <summary>Has the starting segmenter evaluated while samples are made; progress shows the samples.</summary>
    /// <returns>Whether that is done.</returns>
    private async Task<bool> MeasureStartAsync(RoundRecord record)
    {
        var report = await Trainer(record).EnsureStarted(JobOf(record, "start", "starting segmenter", JobKind.Evaluate, 0));
        _trainerNote = report.Note;
        if (report.State == JobState.Failed) _error = report.Error;
        if (report is not { State: JobState.Done, Quality: { } quality }) return false;
        return await TakeEdgeAsync(r => r.StartMeasured(quality, report.Seconds));
    }

    private async Task<bool> ScoreAsync(RoundRecord record)
    {
        if (record.ScoringModels.Length < record.ScoringModelsNeeded) return await TrainFoldAsync(record);
        if (!await SettleAsync(record) || AllLost(record)) return false;
        var (scores, objects) = (new int[record.Assignment.Spec.SamplesPerRound], new byte[record.Assignment.Spec.SamplesPerRound]);
        foreach (var (shard, desired) in ShardsOf(record))
        {
            if (await shard.GetScores(desired) is not { } part) return Unsettle();
            part.Scores.CopyTo(scores, part.First);
            part.Objects.CopyTo(objects, part.First);
        }

        return await TakeEdgeAsync(r => r.Decided(Selection.Decide(r.Assignment.Spec, r.Assignment.Round, scores, objects)));
    }

    private async Task<bool> TrainFoldAsync(RoundRecord record)
    {
        var fold = record.FoldModels.Length;
        return await EnsureAsync(record, FoldJob(record, fold)) is { Model: { } model } done
            && await TakeEdgeAsync(r => r.FoldTrained(fold, model, done.Seconds));
    }

    private async Task<bool> SelectAsync(RoundRecord record)
    {
        if (!await SettleAsync(record)) return false;
        if (await SelectShardsAsync(record) is not { } lists) return Unsettle();
        var tally = RoundTally.Of(record.Assignment.Spec.SamplesPerRound, _shards.Values);
        return await TakeEdgeAsync(r => r.Selected(lists, tally));
    }

    /// <summary>Carries out the selection in every shard.</summary>
    /// <returns>The lists of kept samples; null if a sample has to be made again first.</returns>
    private async Task<ImmutableArray<string>?> SelectShardsAsync(RoundRecord record)
    {
        var selected = await Fanout.CallAsync(ShardsOf(record), s => s.Shard.Select(s.Desired, record.Thresholds), ShardsAtATime);
        for (var shard = 0; shard < selected.Count; shard++)
            if (selected[shard] is { } done) _shards[shard] = done.Report;
        return selected.Contains(null) ? null : [.. selected.Select(s => s!.Kept.Hash)];
    }

    /// <summary>Handles shards that are behind the record: the store has lost records, and their work is repeated.</summary>
    private bool Unsettle()
    {
        _settled.Clear();
        return false;
    }

    private async Task<bool> TrainAsync(RoundRecord record)
    {
        return await EnsureAsync(record, SegmenterJob(record)) is { Model: { } model } done
            && await TakeEdgeAsync(r => r.Trained(model, done.Seconds));
    }

    private async Task<bool> EvaluateAsync(RoundRecord record)
    {
        JobReport? done = null;
        if (record.Assignment.Spec.Evaluation.Dataset != "none")
        {
            done = await EnsureAsync(
                record,
                JobOf(record, "evaluation", "evaluation", JobKind.Evaluate, 0) with
                {
                    Model = record.Segmenter,
                }
            );
            if (done?.Quality is null) return false;
        }

        if (!await SettleAsync(record)) return false;
        if (_selectAgain && await SelectShardsAsync(record) is null) return Unsettle();
        if (await WriteManifestAsync(record) is not { } parts)
        {
            // A selected sample has lost its record: it is made again and selected with the same thresholds.
            _selectAgain = true;
            return Unsettle();
        }

        _selectAgain = false;
        return await TakeEdgeAsync(r => r.Evaluated(done?.Quality, done?.Seconds ?? 0, parts, time.GetUtcNow()));
    }

    private TrainingJob FoldJob(RoundRecord record, int fold)
    {
        var spec = record.Assignment.Spec;
        var steps = spec.Scoring.FoldSteps ?? spec.Training.Steps;
        return JobOf(record, $"fold{fold}", $"fold {fold + 1} of {spec.Scoring.Folds}", JobKind.Train, steps) with
        {
            Lists = record.Candidates,
            LeftOut = fold,
        };
    }

    private TrainingJob SegmenterJob(RoundRecord record) =>
        JobOf(record, "segmenter", "segmenter", JobKind.Train, record.Assignment.Spec.Training.Steps) with
        {
            Lists = record.Assignment.TrainingLists.AddRange(record.KeptLists),
        };

    /// <summary>The training job of the previous round's segmenter, which is the scoring model of this round.</summary>
    private TrainingJob ScoringModelJob(RoundRecord record) => SegmenterJob(record) with
    {
        Id = $"{record.Assignment.Round - 1}/segmenter",
        Title = "segmenter of the round before",
        Round = record.Assignment.Round - 1,
        Lists = record.Assignment.TrainingLists,
    };

    private TrainingJob JobOf(RoundRecord record, string name, string title, JobKind kind, int steps) =>
        new(
            $"{record.Assignment.Round}/{name}",
            title,
            kind,
            record.Assignment.Spec,
            record.Assignment.Round,
            [],
            null,
            steps,
            null,
            record.Assignment.Environment
        );

    /// <summary>Finds models of this round that the store has lost. Training again gives the same bytes, so no record changes.</summary>
    private async Task FindLostModelsAsync(RoundRecord record)
    {
        var models = record.FoldModels.Select((model, fold) => (Model: model, Job: FoldJob(record, fold))).ToList();
        if (record.Assignment.ScoringModel is { } scoringModel) models.Add((scoringModel, ScoringModelJob(record)));
        if (record.Segmenter is { } own) models.Add((own, SegmenterJob(record)));
        _lostModels.Clear();
        foreach (var (model, job) in models)
        {
            if (await AreWholeAsync(model.Hashes)) continue;
            LogModelLost(logger, job.Id);
            await Trainer(record).ForgetResult(job.Id);
            _lostModels.Enqueue(job);
        }
    }

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

    private async Task<bool> RemakeAsync(RoundRecord record, TrainingJob job)
    {
        if (await EnsureAsync(record, job) is null) return false;
        _lostModels.Dequeue();
        return true;
    }

    /// <summary>Ensures that a job runs.</summary>
    /// <returns>Its report if it is done; null before.</returns>
    private async Task<JobReport?> EnsureAsync(RoundRecord record, TrainingJob job)
    {
        var report = await Trainer(record).EnsureStarted(job);
        _training = report.State == JobState.Done ? null : report.Progress;
        _trainerNote = report.Note;
        if (report.State == JobState.Failed) _error = report.Error;
        return report.State == JobState.Done ? report : null;
    }

    /// <summary>Reconciles a few shards at a time towards the record's target.</summary>
    /// <returns>True once all samples have reached it or are quarantined.</returns>
    private async Task<bool> SettleAsync(RoundRecord record)
    {
        var active = 0;
        for (var shard = 0; shard < ShardCount(record) && active < _options.ActiveShards; shard++)
        {
            if (_settled.TryGetValue(shard, out var reached) && reached == record.Target(stages)) continue;
            var report = await ReconcileShardAsync(record, shard, suspended: false);
            _error ??= report.Error;
            if (report.Settled == SamplesOf(record, shard)) _settled[shard] = record.Target(stages);
            else active++;
        }

        return active == 0 && _error is null;
    }

    /// <summary>Stops work in flight: shards cancel queued samples, the training stops.</summary>
    private async Task HoldAsync(RoundAssignment assignment)
    {
        var idle = await GrainFactory.GetGrain<ITrainerGrain>(assignment.Run).Stop();
        if (_record.Value is { } record)
        {
            // A shard without a report may have been active since before this activation.
            for (var shard = 0; shard < ShardCount(record); shard++)
            {
                if (_shards.TryGetValue(shard, out var known) && known.InFlight == 0 && _settled.ContainsKey(shard)) continue;
                idle &= (await ReconcileShardAsync(record, shard, suspended: true)).InFlight == 0;
            }
        }

        _training = null;
        _idle = idle;
        if (!idle) return;
        _loop.Rest();
        await NotifyRunAsync(assignment);
    }

    private async Task<ShardReport> ReconcileShardAsync(RoundRecord record, int shard, bool suspended)
    {
        var report = await GrainFactory
            .GetShard(record.Assignment.Run, record.Assignment.Round, shard)
            .Reconcile(DesiredStateOf(record, shard, suspended));
        // A shard that has not read its samples yet has no counts: the previous ones stay.
        if (report.Counts.Planned > 0 || !_shards.ContainsKey(shard)) _shards[shard] = report;
        return report;
    }

    private bool AllLost(RoundRecord record)
    {
        var tally = RoundTally.Of(record.Assignment.Spec.SamplesPerRound, _shards.Values);
        if (tally.Counts.Quarantined < tally.Counts.Planned) return false;
        _error =
            $"Every sample of round {record.Assignment.Round + 1} was quarantined; most often: "
                + $"{tally.Failures.FirstOrDefault()?.Reason ?? "unknown"}";
        return true;
    }

    // No device works while lists are written, so shards write concurrently; only a few, because each reads all its samples.
    // Null if a sample is behind the ledger.
    private async Task<IReadOnlyList<SampleList>?> WriteListsAsync(RoundRecord record, SampleListKind kind)
    {
        var lists = await Fanout.CallAsync(ShardsOf(record), s => s.Shard.WriteList(s.Desired, kind), ShardsAtATime);
        return lists.Contains(null) ? null : [.. lists.Select(l => l!)];
    }

    private async Task<string?> WriteDonorsAsync(RoundRecord record) => await WriteListsAsync(record, SampleListKind.Donors) is { } lists
        ? await SampleLists.WriteSnapshotAsync(artifacts, lists, CancellationToken.None)
        : null;

    private async Task<ImmutableArray<string>?> WriteManifestAsync(RoundRecord record)
    {
        var header = await artifacts.PutAsync(Manifest.RoundLine(record.Assignment.Round, record.Decision), CancellationToken.None);
        return await WriteListsAsync(record, SampleListKind.Manifest) is { } lists ? [header, .. lists.Select(p => p.Hash)] : null;
    }

    /// <summary>The shards and their reports. A shard that was deactivated since it was reconciled reads its records again.</summary>
    private IEnumerable<(ISampleShardGrain Shard, ShardDesiredState Desired)> ShardsOf(RoundRecord record)
    {
        for (var shard = 0; shard < ShardCount(record); shard++)
            yield return (
                GrainFactory.GetShard(record.Assignment.Run, record.Assignment.Round, shard),
                DesiredStateOf(record, shard, suspended: true)
            );
    }

    private async Task<bool> TakeEdgeAsync(Func<RoundRecord, RoundRecord> edge)
    {
        var (before, conflicts) = (Record.Phase, _record.Conflicts);
        var after = await _record.UpdateAsync(r => edge(r ?? throw new InvalidOperationException("The round's record is gone.")));
        if (after.Phase != before) LogPhase(logger, this.GetPrimaryKeyString(), after.Phase);
        // Another version than the one that this round wrote: the store may have lost more writes.
        if (_record.Conflicts > conflicts) await StoreLostWrites();
        return true;
    }

    private void NoteRate()
    {
        var counts = RoundTally.Of(0, _shards.Values).Counts;
        _rate.Note(stages.Stages.Sum(s => (long)counts[s.After]) + counts.Rejected);
    }

    private ITrainerGrain Trainer(RoundRecord record) => GrainFactory.GetGrain<ITrainerGrain>(record.Assignment.Run);

    /// <summary>Notifies the run of a change; a repeated notification would only repeat its step.</summary>
    private async Task NotifyRunAsync(RoundAssignment assignment)
    {
        var notification = (_record.Value?.Phase, _idle, _error);
        if (notification == _lastNotified) return;
        _lastNotified = notification;
        await GrainFactory.GetGrain<IRunGrain>(assignment.Run).NotifyChanged();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Round {Round} is {Phase}")]
    private static partial void LogPhase(ILogger logger, string round, RoundPhase phase);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The model of job {Job} is lost; it is trained again")]
    private static partial void LogModelLost(ILogger logger, string job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store has lost writes of round {Round}; everything is read from it again")]
    private static partial void LogStoreLostWrites(ILogger logger, string round);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Round {Round} could not take a step; it tries again")]
    private static partial void LogStepFailed(ILogger logger, Exception exception, string round);
}
