using System.Collections.Immutable;
using System.Globalization;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Domain;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// Assigns the work of about 1,000 samples to devices. Its ledger is a copy of the samples' records: after a crash it reads every sample
/// that the stored ledger does not show at the target.
/// </summary>
internal sealed partial class SampleShardGrain(
    [PersistentState("shard", StorageNames.Coordination)] IPersistentState<Stored<ShardRecord>> state,
    StageTable stages,
    IArtifactStore artifacts,
    IDeviceDirectory devices,
    IOptions<CoordinationOptions> options,
    TimeProvider time,
    ILogger<SampleShardGrain> logger) : Grain, ISampleShardGrain
{
    private readonly CoordinationOptions _options = options.Value;
    private readonly MetricShare _pending = Telemetry.PendingSamples();
    private readonly ShardListWriter _lists = new(stages, artifacts);
    private ShardSampleReader _samples = null!;
    private LeaseKeeper _leases = null!;
    private ShardDispatcher _dispatcher = null!;
    private StoredLedger _ledger = null!;
    private RecordVerifier _verifier = null!;
    private DrawingTaker _drawings = null!;
    private ReconcileLoop _loop = null!;
    private ShardDesiredState? _desired;
    private string? _error, _problem;
    private int _epoch;
    private (SampleState Target, SampleState? Held, bool HoldsSecondUses, bool Suspended, string? Error, int InFlight, int Settled)?
        _lastNotified;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var (key, clock) = (this.GetPrimaryKeyString(), new ShardClock(time));
        _samples = new ShardSampleReader(GrainFactory);
        _leases = new LeaseKeeper(key, GrainFactory, _samples, devices, _options.Lease, clock, time, logger);
        _ledger = new StoredLedger(new DurableRecord<ShardRecord>(state), stages, _samples, _leases);
        _dispatcher = new ShardDispatcher(key, stages, GrainFactory, devices, _options, clock, logger);
        _verifier = new RecordVerifier(GrainFactory, time);
        _drawings = new DrawingTaker(GrainFactory, stages);
        _loop = new ReconcileLoop(
            this,
            ReconcileAsync,
            exception => LogStepFailed(logger, exception, key),
            _options.ReconcileInterval,
            time
        );
        return Task.CompletedTask;
    }

    public Task<ShardReport> Reconcile(ShardDesiredState desired)
    {
        _desired = desired;
        _loop.Signal();
        return Task.FromResult(
            _ledger.Current is { } ledger
                ? ReportOf(ledger)
                : new ShardReport(new StateCounts(), 0, 0, new StageSeconds(), [], _error, [], _loop.Note)
        );
    }

    public async Task<ShardReport> GetReport(ShardDesiredState desired)
    {
        return ReportOf(await _ledger.ViewAsync(desired), ShardTarget.Of(desired));
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _pending.Set(0);
        if (_ledger.IsSaved) return;
        try
        {
            // Counts and seconds since the last write; the samples have their own records.
            await SaveAsync(_ledger.Current!);
        }
        catch (Exception exception)
        {
            LogStepFailed(logger, exception, this.GetPrimaryKeyString());
        }
    }

    public async Task Report(BatchReport report)
    {
        // An activation that has not begun to read the samples will see the results in their records.
        if (_ledger.Begun is not { } begun) return;
        // What was leased is known when the samples were read.
        var ledger = await begun;
        if (_desired is not { } desired)
        {
            // Read by a query only: the lease ends, and the record has the result.
            foreach (var index in report.Samples.Select(p => p.Index).Concat(report.Unfinished)) ledger.Release(index, report.Worker);
            return;
        }

        foreach (var progress in report.Samples) Take(ledger, desired, progress, report);
        foreach (var index in report.Unfinished) ledger.Release(index, report.Worker);
        _dispatcher.RecordLoad(report.Worker, report.Outstanding, ledger);
        _problem = report.Problem;
        if (!report.Unfinished.IsEmpty) _dispatcher.Pause();
        Telemetry.CountRetries(RetryReason.GivenUp, report.Unfinished.Length);
        ledger.AddSeconds(report.Stage, report.Seconds);
        if (report.Epoch == _epoch) _error ??= report.Error;
        if (IsQuiet(ledger, desired) || _verifier.IsNeeded || _ledger.UnsavedChanges >= _options.ResultsPerSnapshot) _loop.Signal();
        else if (!IsStopped(desired) && _ledger.HasTakenOver) await _dispatcher.DispatchAsync(ledger, desired, _epoch);
    }

    public async Task<ShardScores?> GetScores(ShardDesiredState desired)
    {
        if (await _ledger.SettledAsync(desired) is not { } ledger) return null;
        return new ShardScores(ledger.First, ledger.Scores, ledger.Objects);
    }

    public async Task<ShardSelection?> Select(ShardDesiredState desired, ImmutableArray<SelectionThreshold> thresholds)
    {
        if (await _ledger.SettledAsync(desired) is not { } ledger) return null;
        var decided = await Fanout.CallAsync(ledger.At(SampleState.Scored).ToList(), index =>
        {
            var name = SamplePlanner.ClassOf(desired.Spec, desired.Round, index);
            var threshold = thresholds.First(t => t.IsFor(name, ledger.ObjectsOf(index)));
            return GrainFactory
                    .GetSample(desired.Run, desired.Round, index)
                    .Decide(Selection.IsKept(threshold, ledger.ScoreOf(index), index));
        });
        // Samples whose selection was applied in an earlier call are read; those of this call need not be.
        var before = await _samples.ReadAsync(desired, ledger.At(SampleState.Kept).ToList());
        var selected = decided.OfType<SampleRecord>().Concat(before).OrderBy(r => r.Index).ToList();
        foreach (var record in decided.OfType<SampleRecord>()) ledger.Apply(SampleTransitions.ProgressOf(record));
        await SaveAsync(ledger);
        if (!await AgreeAsync(ledger, desired, selected, _ => SampleState.Kept) || decided.Contains(null)) return null;
        return new ShardSelection(await _lists.WriteAsync(desired, SampleListKind.Kept, selected), ReportOf(ledger));
    }

    public async Task<SampleList?> WriteList(ShardDesiredState desired, SampleListKind kind)
    {
        var ledger = await _ledger.LoadAsync(desired);
        // From the records, not from the ledger: the list is input of other grains.
        var records = await _samples.ReadAsync(desired, Enumerable.Range(desired.First, desired.Count));
        return await AgreeAsync(ledger, desired, records, record => _lists.LeastStateOf(desired, kind, record))
            ? await _lists.WriteAsync(desired, kind, records)
            : null;
    }

    public Task Verify()
    {
        _verifier.RequestAll();
        if (_ledger.Current is not null) _loop.Signal();
        return Task.CompletedTask;
    }

    public async Task Retry(ShardDesiredState desired, int[]? indices)
    {
        var ledger = await _ledger.LoadAsync(desired);
        // Failures of work that was ordered before the retry are ignored.
        (_error, _epoch) = (null, _epoch + 1);
        _verifier.Forget();
        // With a drawing its second use is tried again, which may have been quarantined because of it.
        var quarantined = ledger.At(SampleState.Quarantined)
            .Where(i => indices is null
                || indices.Contains(i)
                || (SamplePlanner.DrawingOf(desired.Spec, i) is { } drawing && indices.Contains(drawing)))
            .ToList();
        var returned = await Fanout.CallAsync(quarantined, index => GrainFactory.GetSample(desired.Run, desired.Round, index).Retry());
        foreach (var record in returned) ledger.Readmit(SampleTransitions.ProgressOf(record));
        if (returned.Count > 0) await SaveAsync(ledger);
        _loop.Signal();
    }

    public async Task Remove(ShardDesiredState desired)
    {
        _desired = null;
        _ledger.Forget();
        _pending.Set(0);
        _loop.Rest();
        await Fanout.CallAsync(Enumerable.Range(desired.First, desired.Count), async index =>
        {
            await GrainFactory.GetSample(desired.Run, desired.Round, index).Remove();
            return index;
        });
        await _ledger.RemoveAsync();
        DeactivateOnIdle();
    }

    public async Task<SamplePage> GetSamples(SampleQuery query, ShardDesiredState desired)
    {
        var ledger = await _ledger.ViewAsync(desired);
        var (found, next) = ledger.Find(query, index => SamplePlanner.ClassOf(desired.Spec, desired.Round, index));
        return new SamplePage([.. await _samples.ReadAsync(desired, found)], next);
    }

    public async Task<ShardStates?> GetStates(ShardDesiredState desired, string? known)
    {
        var ledger = await _ledger.ViewAsync(desired);
        // Revisions begin anew with every activation.
        var version = string.Create(
            CultureInfo.InvariantCulture,
            $"{GrainContext.ActivationId}/{ledger.Revision}/{ledger.LeaseRevision}"
        );
        if (version == known) return null;
        var leased = ledger.Leased();
        return new ShardStates(
            GrainKeys.Parse(this.GetPrimaryKeyString()).Number,
            ledger.First,
            version,
            ledger.States,
            ledger.Attempts,
            ledger.Scores,
            leased,
            ledger.Objects
        )
        {
            InWorkDevices = [.. leased.Select(ledger.LeaseOf)],
        };
    }

    private ShardReport ReportOf(ShardLedger ledger) =>
        ReportOf(ledger, _desired is { } desired ? ShardTarget.Of(desired) : SampleState.Scored);

    private ShardReport ReportOf(ShardLedger ledger, ShardTarget target) =>
        new(
            ledger.Counts(),
            ledger.Settled(target),
            ledger.InFlight,
            ledger.Seconds,
            ledger.Failures(),
            _error,
            [.. _dispatcher.Refusals, .. _problem is null ? Enumerable.Empty<string>() : [$"waiting: {_problem}"]],
            _loop.Note
        );

    private void Take(ShardLedger ledger, ShardDesiredState desired, SampleProgress progress, BatchReport report)
    {
        if (progress.Faults > 0 && progress.State == stages[report.Stage].Before) ledger.CountFault(progress);
        var (ended, changes) = (ledger.IsLeasedTo(progress.Index, report.Worker), ledger.Changes);
        var isCurrent = ledger.Apply(progress);
        ledger.Release(progress.Index, report.Worker);
        // The ordered work has ended: the sample moved, a fault was counted, or the store has lost the write.
        if (!ended || ledger.Changes != changes || (isCurrent && progress.Faults > 0)) return;
        if (!isCurrent) _verifier.Suspect(progress.Index);
        if (_verifier.NoteStall(progress.Index) < desired.Spec.Execution.MaxAttempts) return;
        _error ??=
            $"Work on sample {progress.Index} of round {desired.Round + 1} ended {desired.Spec.Execution.MaxAttempts} times without "
            + "changing its record: the store does not keep what is written. Check the store, then retry the run.";
    }

    private async Task ReconcileAsync()
    {
        if (_desired is not { } desired) return;
        if (_ledger.Current is null && desired.Suspended)
        {
            _loop.Rest();
            return;
        }

        var ledger = await _ledger.LoadAsync(desired);
        if (!await _ledger.TakeOverAsync(desired)) return;
        if (_verifier.IsNeeded) await VerifyAsync(ledger, desired);
        await _leases.KeepAsync(ledger, desired);
        if (IsStopped(desired))
        {
            await _leases.CancelQueuedAsync(ledger);
        }
        else
        {
            if (await _drawings.TakeAsync(ledger, desired)) await GrainFactory.GetRound(desired.Run, desired.Round).StoreLostWrites();
            await _dispatcher.DispatchAsync(ledger, desired, _epoch);
        }

        _pending.Set(
            IsStopped(desired) ? 0 : ledger.Count - ledger.Settled(ShardTarget.Of(desired)),
            Telemetry.KindOf(desired.Spec, desired.Environment)
        );
        if (IsQuiet(ledger, desired))
        {
            if (!_ledger.IsSaved) await SaveAsync(ledger);
            _loop.Rest();
            await NotifyRoundAsync(ledger, desired);
        }
        else if (_ledger.UnsavedChanges >= _options.ResultsPerSnapshot)
        {
            await SaveAsync(ledger);
        }
    }

    /// <summary>Notifies the round that the shard is at rest; a repeated notification would only repeat its step.</summary>
    private async Task NotifyRoundAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        var settled = ledger.Settled(ShardTarget.Of(desired));
        var notification = (
            desired.Target, desired.Held, desired.HoldsSecondUses, desired.Suspended, _error, ledger.InFlight, settled);
        if (notification == _lastNotified) return;
        _lastNotified = notification;
        await GrainFactory.GetRound(desired.Run, desired.Round).NotifyChanged();
    }

    private bool IsStopped(ShardDesiredState desired) => desired.Suspended || _error is not null;

    private bool IsQuiet(ShardLedger ledger, ShardDesiredState desired) =>
        ledger.InFlight == 0 && (IsStopped(desired) || ledger.Settled(ShardTarget.Of(desired)) == ledger.Count);

    /// <summary>Whether records for a list are not behind the ledger, and have reached at least a state or are quarantined.</summary>
    private async Task<bool> AgreeAsync(
        ShardLedger ledger,
        ShardDesiredState desired,
        IReadOnlyList<SampleRecord> records,
        Func<SampleRecord, SampleState> leastOf
    )
    {
        var older = records.Where(r => !stages.HasReached(r.State, leastOf(r)) || ledger.IsOlder(SampleTransitions.ProgressOf(r))).ToList();
        foreach (var record in older) _verifier.Suspect(record.Index);
        if (older.Count > 0) await VerifyAsync(ledger, desired);
        return older.Count == 0;
    }

    /// <summary>Compares the ledger with the store. If the store has lost something, other grains are asked to check too.</summary>
    private async Task VerifyAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        var lost = await _verifier.CheckAsync(ledger, desired);
        if (lost == 0) return;
        LogLostRecords(logger, lost, this.GetPrimaryKeyString());
        await SaveAsync(ledger);
        _verifier.RequestAll();
        _lastNotified = null;
        await GrainFactory.GetRound(desired.Run, desired.Round).StoreLostWrites();
        _loop.Signal();
    }

    private async Task SaveAsync(ShardLedger ledger)
    {
        if (await _ledger.SaveAsync(ledger)) _verifier.RequestAll();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shard {Shard} could not take a step; it tries again")]
    private static partial void LogStepFailed(ILogger logger, Exception exception, string shard);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The store has lost records of {Count} samples of shard {Shard}; their work is done again"
    )]
    private static partial void LogLostRecords(ILogger logger, int count, string shard);
}
