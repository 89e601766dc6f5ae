using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Timing;
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
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(2);

    private readonly DurableRecord<RoundRecord> _record = new(state);
    private readonly CoordinationOptions _options = options.Value;
    private readonly RateMeter _rate = new(time);
    private RoundShards _shards = null!;
    private RoundLists _lists = null!;
    private RoundTraining _training = null!;
    private ReconcileLoop _loop = null!;
    private RoundAssignment? _assignment;
    private string? _error;
    private bool _suspended, _idle = true, _selectAgain;
    private long? _checked;
    private (RoundPhase? Phase, bool Idle, string? Error) _lastNotified;

    private RoundRecord Record =>
        _record.Value ?? throw new InvalidOperationException($"Round {this.GetPrimaryKeyString()} has not begun.");

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _shards = new RoundShards(GrainFactory, stages, _options.ActiveShards);
        _lists = new RoundLists(_shards, artifacts);
        _training = new RoundTraining(GrainFactory, artifacts, error => _error = error, logger);
        _loop = new ReconcileLoop(
            this,
            ReconcileAsync,
            exception => LogStepFailed(logger, exception, this.GetPrimaryKeyString()),
            _options.ReconcileInterval,
            time
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
        if (_record.Value is { Tally: null, Phase: not RoundPhase.Planning } record)
        {
            try
            {
                await _shards.ReadReportsAsync(record);
            }
            catch (Exception exception) when (exception is not OperationCanceledException && _assignment is not null)
            {
                // The store is away: a round at work shows what it knows of the shards, and says so.
                var known = Report();
                var note = WaitReasons.Note(WaitReasons.Of(exception));
                return known with { Status = known.Status with { Notes = [.. known.Status.Notes.Add(note).Distinct()] } };
            }
        }

        return Report();
    }

    private RoundReport Report()
    {
        var number = GrainKeys.ParseRound(this.GetPrimaryKeyString());
        if (_record.Value is not { } record)
        {
            var none = new RoundStatus { Round = number, Error = _error, Notes = _loop.Note is { } waits ? [waits] : [] };
            return new RoundReport(none, [], [], _idle);
        }

        var rate = _suspended ? 0 : _rate.PerSecond;
        var status = RoundStatuses.Of(record, _shards, _training, _loop, rate, _error, _suspended);
        return new RoundReport(status, record.KeptLists, record.ManifestParts, _idle);
    }

    public async Task Retry(int[]? indices)
    {
        await _record.RefreshAsync();
        _error = null;
        _shards.Unsettle();
        if (_record.Value is not { } record) return;
        await _training.RetryAsync(record);
        // The scoring model must be restored before anything is scored.
        if (record.Phase is RoundPhase.Producing or RoundPhase.Scoring)
            await _shards.RetryAsync(record, indices, suspendFirst: _training.HasLostModels);
        _loop.Signal();
    }

    public async Task RestoreLists()
    {
        await _record.RefreshAsync();
        if (_record.Value is { } record) await _lists.RestoreAsync(record);
    }

    public async Task StoreLostWrites()
    {
        // Every shard that finds the loss reports it.
        if (_checked is { } last && time.GetElapsedTime(last) < CheckInterval) return;
        _checked = time.GetTimestamp();
        LogStoreLostWrites(logger, this.GetPrimaryKeyString());
        await _record.ReadAgainAsync();
        _shards.Unsettle();
        if (_record.Value is { } record)
        {
            foreach (var (shard, _) in _shards.Of(record)) await shard.Verify();
            await _training.StoreLostWritesAsync(record);
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
            foreach (var (shard, desired) in _shards.Of(record).ToList()) await shard.Remove(desired);
        await _record.RemoveAsync();
        DeactivateOnIdle();
    }

    public async Task<SamplePage> GetSamples(SampleQuery query)
    {
        return HasShards(out var record) ? await _shards.GetSamplesAsync(record, query) : new SamplePage([], null);
    }

    public async Task<ImmutableArray<ShardStates>> GetSampleStates(ImmutableArray<string?> known)
    {
        return HasShards(out var record) ? await _shards.GetStatesAsync(record, known) : [];
    }

    public async Task<RoundArtifacts> GetArtifacts()
    {
        await _record.RefreshAsync();
        return _record.Value is { } record ? new RoundArtifacts([.. record.Artifacts], record.Donors) : new RoundArtifacts([], null);
    }

    private bool HasShards([NotNullWhen(true)] out RoundRecord? record) =>
        (record = _record.Value) is not null and not { Phase: RoundPhase.Planning };

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
            await SuspendAsync(assignment);
            return;
        }

        _idle = false;
        await _record.UpdateAsync(r => r ?? RoundRecord.Begin(assignment, time.GetUtcNow()));
        await _shards.AskWaitingAsync(Record);
        while (!_suspended && _error is null && await AdvanceAsync(Record)) await NotifyRunAsync(assignment);
        _rate.Note(_shards.Results(Record));
        await NotifyRunAsync(assignment);
        if (_error is not null || Record.Phase == RoundPhase.Closed) _loop.Signal();
    }

    /// <summary>Executes what the phase needs.</summary>
    /// <returns>True if the phase changed, false if it waits.</returns>
    private Task<bool> AdvanceAsync(RoundRecord record) =>
        _training.HasLostModels
            ? _training.RemakeAsync(record)
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
        if (record.HoldsComposites && !record.AreDonorsDecided) return await JudgeDonorsAsync(record);
        if (record.Donors is null)
        {
            if (await _lists.WriteDonorsAsync(record) is not { } donors) return Unsettle();
            return await TakeEdgeAsync(r => r.AllMasked(donors));
        }

        // Only fold models are trained on candidates; where donors are judged they are trained already.
        var needsCandidates = record is { IsCrossFitted: true, JudgesDonors: false };
        var candidates = needsCandidates ? await _lists.WriteAsync(record, SampleListKind.Candidates) : [];
        if (candidates is null) return Unsettle();
        return await TakeEdgeAsync(r => r.AllHarmonized([.. candidates.Select(c => c.Hash)]));
    }

    /// <summary>Has the samples of one object scored, and decides which of them donate. The others wait, masked.</summary>
    private async Task<bool> JudgeDonorsAsync(RoundRecord record)
    {
        if (record.LacksScoringModels)
        {
            if (!record.Candidates.IsDefaultOrEmpty) return await TrainFoldAsync(record);
            if (await _lists.WriteAsync(record, SampleListKind.Candidates) is not { } candidates) return Unsettle();
            return await TakeEdgeAsync(r => r.SinglesHarmonized([.. candidates.Select(c => c.Hash)]));
        }

        if (await ReadScoresAsync(record) is not { } read) return Unsettle();
        var spec = record.Assignment.Spec;
        return await TakeEdgeAsync(
            r => r.DonorsDecided(Selection.Decide(spec, r.Assignment.Round, read.Scores, read.Objects).Thresholds));
    }

    /// <summary>Has the starting segmenter evaluated while samples are made; progress shows the samples.</summary>
    /// <returns>Whether that is done.</returns>
    private async Task<bool> MeasureStartAsync(RoundRecord record)
    {
        var report = await _training.EnsureBesideAsync(record, RoundJobs.StartEvaluation(record));
        if (report is not { State: JobState.Done, Quality: { } quality }) return false;
        return await TakeEdgeAsync(r => r.StartMeasured(quality, report.Seconds));
    }

    private async Task<bool> ScoreAsync(RoundRecord record)
    {
        if (record.LacksScoringModels) return await TrainFoldAsync(record);
        if (!await SettleAsync(record) || AllLost(record)) return false;
        if (await ReadScoresAsync(record) is not { } read) return Unsettle();
        return await TakeEdgeAsync(
            r => r.Decided(Selection.Decide(r.Assignment.Spec, r.Assignment.Round, read.Scores, read.Objects)));
    }

    /// <summary>Scores and numbers of objects of all samples; null if a sample is behind its shard's ledger.</summary>
    private async Task<(int[] Scores, byte[] Objects)?> ReadScoresAsync(RoundRecord record)
    {
        var (scores, objects) = (new int[record.Assignment.Spec.SamplesPerRound], new byte[record.Assignment.Spec.SamplesPerRound]);
        foreach (var (shard, desired) in _shards.Of(record))
        {
            if (await shard.GetScores(desired) is not { } part) return null;
            part.Scores.CopyTo(scores, part.First);
            part.Objects.CopyTo(objects, part.First);
        }

        return (scores, objects);
    }

    private async Task<bool> TrainFoldAsync(RoundRecord record)
    {
        var fold = record.FoldModels.Length;
        return await _training.EnsureAsync(record, RoundJobs.Fold(record, fold)) is { Model: { } model } done
            && await TakeEdgeAsync(r => r.FoldTrained(fold, model, done.Seconds));
    }

    private async Task<bool> SelectAsync(RoundRecord record)
    {
        if (!await SettleAsync(record)) return false;
        if (await SelectShardsAsync(record) is not { } lists) return Unsettle();
        var tally = _shards.TallyOf(record);
        return await TakeEdgeAsync(r => r.Selected(lists, tally));
    }

    /// <summary>Carries out the selection in every shard.</summary>
    /// <returns>The lists of kept samples; null if a sample has to be made again first.</returns>
    private async Task<ImmutableArray<string>?> SelectShardsAsync(RoundRecord record)
    {
        var selected = await Fanout.CallAsync(
            _shards.Of(record),
            s => s.Shard.Select(s.Desired, record.Thresholds),
            RoundShards.ReadingAtATime
        );
        for (var shard = 0; shard < selected.Count; shard++)
            if (selected[shard] is { } done) _shards.Note(shard, done.Report);
        return selected.Contains(null) ? null : [.. selected.Select(s => s!.Kept.Hash)];
    }

    /// <summary>Handles shards that are behind the record: the store has lost records, and their work is repeated.</summary>
    private bool Unsettle()
    {
        _shards.Unsettle();
        return false;
    }

    private async Task<bool> TrainAsync(RoundRecord record)
    {
        return await _training.EnsureAsync(record, RoundJobs.Segmenter(record)) is { Model: { } model } done
            && await TakeEdgeAsync(r => r.Trained(model, done.Seconds));
    }

    private async Task<bool> EvaluateAsync(RoundRecord record)
    {
        JobReport? done = null;
        if (record.Assignment.Spec.Evaluation.Dataset != "none")
        {
            done = await _training.EnsureAsync(record, RoundJobs.Evaluation(record));
            if (done?.Quality is null) return false;
        }

        if (!await SettleAsync(record)) return false;
        if (_selectAgain && await SelectShardsAsync(record) is null) return Unsettle();
        if (await _lists.WriteManifestAsync(record) is not { } parts)
        {
            // A selected sample has lost its record: it is made again and selected with the same thresholds.
            _selectAgain = true;
            return Unsettle();
        }

        _selectAgain = false;
        return await TakeEdgeAsync(r => r.Evaluated(done?.Quality, done?.Seconds ?? 0, parts, time.GetUtcNow()));
    }

    /// <summary>Reconciles the shards towards the record's target.</summary>
    /// <returns>True once all samples have reached it or are quarantined.</returns>
    private async Task<bool> SettleAsync(RoundRecord record)
    {
        var (settled, error) = await _shards.SettleAsync(record);
        _error ??= error;
        return settled && _error is null;
    }

    /// <summary>Stops work in flight: shards cancel queued samples, the training stops.</summary>
    private async Task SuspendAsync(RoundAssignment assignment)
    {
        var idle = await _training.StopAsync(assignment.Run);
        if (_record.Value is { } record) idle &= await _shards.SuspendAsync(record);
        _idle = idle;
        if (!idle) return;
        _loop.Rest();
        await NotifyRunAsync(assignment);
    }

    private bool AllLost(RoundRecord record)
    {
        var tally = _shards.TallyOf(record);
        if (tally.Counts.Quarantined < record.Begun) return false;
        _error =
            $"Every sample of round {record.Assignment.Round + 1} was quarantined; most often: "
                + $"{tally.Failures.FirstOrDefault()?.Reason ?? "unknown"}";
        return true;
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store has lost writes of round {Round}; everything is read from it again")]
    private static partial void LogStoreLostWrites(ILogger logger, string round);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Round {Round} could not take a step; it tries again")]
    private static partial void LogStepFailed(ILogger logger, Exception exception, string round);
}
