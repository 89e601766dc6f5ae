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
    private static readonly TimeSpan AdoptionTimeout = TimeSpan.FromSeconds(2);

    private readonly DurableRecord<ShardRecord> _record = new(state);
    private readonly CoordinationOptions _options = options.Value;
    private readonly Dictionary<string, TimeSpan> _avoided = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly HashSet<int> _adopted = [];
    private readonly SortedDictionary<string, string> _refusals = new(StringComparer.Ordinal);
    private readonly LoadEstimate _loads = new();
    private readonly MetricShare _pending = Telemetry.PendingSamples();
    private readonly long _began = time.GetTimestamp();
    private RecordVerifier _verifier = null!;
    private ReconcileLoop _loop = null!;
    private ShardDesiredState? _desired;
    private ShardLedger? _ledger;
    private Task<ShardLedger>? _loading;
    private TimeSpan _notBefore;
    private string? _error, _problem;
    private int _savedChanges, _savedRevision, _epoch;
    private (SampleState Target, bool Suspended, string? Error, int InFlight, int Settled)? _lastNotified;

    // A monotonic clock: the time of day may be set back while leases run.
    private TimeSpan Now => time.GetElapsedTime(_began);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _verifier = new RecordVerifier(GrainFactory, time);
        _loop = new ReconcileLoop(
            this,
            ReconcileAsync,
            exception => LogStepFailed(logger, exception, this.GetPrimaryKeyString()),
            _options.ReconcileInterval
        );
        return Task.CompletedTask;
    }

    public Task<ShardReport> Reconcile(ShardDesiredState desired)
    {
        _desired = desired;
        _loop.Signal();
        return Task.FromResult(
            _ledger is { } ledger ? ReportOf(ledger) : new ShardReport(new StateCounts(), 0, 0, new StageSeconds(), [], _error, false)
        );
    }

    public async Task<ShardReport> GetReport(ShardDesiredState desired)
    {
        return ReportOf(await ReadAsync(desired), desired.Target);
    }

    /// <summary>The ledger, read-only. For a shard that was never started it is the initial one, which is not stored.</summary>
    private async Task<ShardLedger> ReadAsync(ShardDesiredState desired)
    {
        if (_ledger is { } ledger) return ledger;
        await _record.RefreshAsync();
        return _record.Value is null ? new ShardLedger(stages, desired.First, desired.Count) : await LoadAsync(desired);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _pending.Set(0);
        if (_ledger is not { } ledger || ledger.Revision == _savedRevision) return;
        try
        {
            // Counts and seconds since the last write; the samples have their own records.
            await SaveAsync(ledger);
        }
        catch (Exception exception)
        {
            LogStepFailed(logger, exception, this.GetPrimaryKeyString());
        }
    }

    public async Task Report(BatchReport report)
    {
        // An activation that has not begun to read the samples will see the results in their records.
        if (_ledger is null && _loading is null) return;
        // What was leased is known when the samples were read.
        var ledger = _ledger ?? await _loading!;
        if (_desired is not { } desired)
        {
            // Read by a query only: the lease ends, and the record has the result.
            foreach (var index in report.Samples.Select(p => p.Index).Concat(report.Unfinished)) ledger.Release(index, report.Worker);
            return;
        }

        foreach (var progress in report.Samples) Take(ledger, desired, progress, report);
        foreach (var index in report.Unfinished) ledger.Release(index, report.Worker);
        _loads.Record(report.Worker, report.Outstanding, ledger.LoadOf(report.Worker));
        _problem = report.Problem;
        if (!report.Unfinished.IsEmpty) _notBefore = Now + _options.RetryDelay;
        Telemetry.CountRetries(RetryReason.GivenUp, report.Unfinished.Length);
        ledger.AddSeconds(report.Stage, report.Seconds);
        if (report.Epoch == _epoch) _error ??= report.Error;
        if (IsQuiet(ledger, desired) || _verifier.IsNeeded || ledger.Changes - _savedChanges >= _options.ResultsPerSnapshot) _loop.Signal();
        else await DispatchAsync(ledger, desired);
    }

    public async Task<ShardScores?> GetScores(ShardDesiredState desired)
    {
        if (await SettledAsync(desired) is not { } ledger) return null;
        return new ShardScores(ledger.First, ledger.Scores, ledger.Objects);
    }

    public async Task<ShardSelection?> Select(ShardDesiredState desired, ImmutableArray<SelectionThreshold> thresholds)
    {
        if (await SettledAsync(desired) is not { } ledger) return null;
        var decided = await Fanout.CallAsync(ledger.At(SampleState.Scored).ToList(), index =>
        {
            var name = SamplePlanner.ClassOf(desired.Spec, desired.Round, index);
            var threshold = thresholds.First(t => t.IsFor(name, ledger.ObjectsOf(index)));
            return GrainFactory
                    .GetSample(desired.Run, desired.Round, index)
                    .Decide(Selection.IsKept(threshold, ledger.ScoreOf(index), index));
        });
        // Samples whose selection was applied in an earlier call are read; those of this call need not be.
        var before = await ReadAsync(desired, ledger.At(SampleState.Kept).ToList());
        var selected = decided.OfType<SampleRecord>().Concat(before).OrderBy(r => r.Index).ToList();
        foreach (var record in decided.OfType<SampleRecord>()) ledger.Apply(SampleTransitions.ProgressOf(record));
        await SaveAsync(ledger);
        if (!await AgreeAsync(ledger, desired, selected, SampleState.Kept) || decided.Contains(null)) return null;
        return new ShardSelection(await WriteListAsync(SampleListKind.Kept, selected), ReportOf(ledger));
    }

    public async Task<SampleList?> WriteList(ShardDesiredState desired, SampleListKind kind)
    {
        var ledger = _ledger ?? await LoadAsync(desired);
        // From the records, not from the ledger: the list is input of other grains.
        var records = await ReadAsync(desired, Enumerable.Range(desired.First, desired.Count));
        return await AgreeAsync(ledger, desired, records, LeastStateOf(kind)) ? await WriteListAsync(kind, records) : null;
    }

    public Task Verify()
    {
        _verifier.RequestAll();
        if (_ledger is not null) _loop.Signal();
        return Task.CompletedTask;
    }

    public async Task Retry(ShardDesiredState desired, int[]? indices)
    {
        var ledger = _ledger ?? await LoadAsync(desired);
        // Failures of work that was ordered before the retry are ignored.
        (_error, _epoch) = (null, _epoch + 1);
        _verifier.Forget();
        var quarantined = ledger.At(SampleState.Quarantined).Where(i => indices is null || indices.Contains(i)).ToList();
        var returned = await Fanout.CallAsync(quarantined, index => GrainFactory.GetSample(desired.Run, desired.Round, index).Retry());
        foreach (var record in returned) ledger.Readmit(SampleTransitions.ProgressOf(record));
        if (returned.Count > 0) await SaveAsync(ledger);
        _loop.Signal();
    }

    public async Task Remove(ShardDesiredState desired)
    {
        (_desired, _ledger, _loading) = (null, null, null);
        _pending.Set(0);
        _loop.Rest();
        await Fanout.CallAsync(Enumerable.Range(desired.First, desired.Count), async index =>
        {
            await GrainFactory.GetSample(desired.Run, desired.Round, index).Remove();
            return index;
        });
        await _record.RemoveAsync();
        DeactivateOnIdle();
    }

    public async Task<SamplePage> GetSamples(SampleQuery query, ShardDesiredState desired)
    {
        var ledger = await ReadAsync(desired);
        var found = new List<int>();
        int? next = null;
        for (var index = Math.Max(query.From, ledger.First); index < ledger.First + ledger.Count; index++)
        {
            if (query.State is { } stage && ledger.StateOf(index) != stage) continue;
            if (query.Class is { } name && SamplePlanner.ClassOf(desired.Spec, desired.Round, index) != name) continue;
            if (found.Count == query.Limit)
            {
                next = index;
                break;
            }

            found.Add(index);
        }

        return new SamplePage([.. await ReadAsync(desired, found)], next);
    }

    public async Task<ShardStates?> GetStates(ShardDesiredState desired, string? known)
    {
        var ledger = await ReadAsync(desired);
        // Revisions begin anew with every activation.
        var version = string.Create(
            CultureInfo.InvariantCulture,
            $"{GrainContext.ActivationId}/{ledger.Revision}/{ledger.LeaseRevision}"
        );
        if (version == known) return null;
        var (shard, record) = (GrainKeys.Parse(this.GetPrimaryKeyString()).Number, ledger.ToRecord());
        return new ShardStates(
            shard,
            ledger.First,
            version,
            record.States,
            record.Attempts,
            ledger.Scores,
            ledger.Leased(),
            ledger.Objects
        );
    }

    // A list that is written again later is the same: samples quarantined since then had reached the state.
    private bool Belongs(SampleListKind kind, SampleRecord record)
    {
        var reached = record.State == SampleState.Quarantined ? record.FailedAt : record.State;
        return kind switch
        {
            SampleListKind.Donors or SampleListKind.Candidates => stages.HasReached(reached, LeastStateOf(kind)),
            SampleListKind.Kept => reached == SampleState.Kept,
            _ => true,
        };
    }

    // A sample that moved back since the phase changed would be missing in the list.
    private SampleState LeastStateOf(SampleListKind kind) => kind switch
    {
        SampleListKind.Donors => stages[Stage.Compose].Before,
        SampleListKind.Candidates => stages[Stage.Score].Before,
        _ => SampleState.Kept,
    };

    private static ListedSample Listed(SampleListKind kind, SampleRecord record)
    {
        var (image, label) =
            kind == SampleListKind.Donors
                ? (ArtifactNames.Image, ArtifactNames.Label)
                : (ArtifactNames.FinalImage, ArtifactNames.CompositeLabel);
        return new ListedSample(record.Index, record.Plan.ClassIndex, Hash(image), Hash(label));

        string Hash(string name) =>
            record.Artifact(name) ?? throw new InvalidOperationException($"Sample {record.Round}/{record.Index} has no artifact '{name}'.");
    }

    private ShardReport ReportOf(ShardLedger ledger) => ReportOf(ledger, _desired?.Target ?? SampleState.Scored);

    private ShardReport ReportOf(ShardLedger ledger, SampleState target) =>
        new(
            ledger.Counts(),
            ledger.Settled(target),
            ledger.InFlight,
            ledger.Seconds,
            ledger.Failures(),
            _error,
            ledger.Settled(SampleState.Kept) == ledger.Count,
            [.. _refusals.Values.Distinct(), .. _problem is null ? Enumerable.Empty<string>() : [$"waiting: {_problem}"]]
        );

    private async Task<SampleList> WriteListAsync(SampleListKind kind, IEnumerable<SampleRecord> records)
    {
        var listed = records.Where(r => Belongs(kind, r)).ToList();
        var hash = kind == SampleListKind.Manifest
            ? await artifacts.PutAsync(Manifest.Piece(listed), CancellationToken.None)
            : await SampleLists.WriteAsync(artifacts, listed.Select(r => Listed(kind, r)), CancellationToken.None);
        return new SampleList(hash, listed.Count);
    }

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
        if (_ledger is null && desired.Suspended)
        {
            _loop.Rest();
            return;
        }

        var ledger = _ledger ?? await LoadAsync(desired);
        if (_verifier.IsNeeded) await VerifyAsync(ledger, desired);
        var expired = ledger.TakeExpired(Now);
        if (expired.Count > 0) LogExpired(logger, expired.Count, this.GetPrimaryKeyString());
        var lost = ledger.TakeLost(devices.IsLost);
        Telemetry.CountRetries(RetryReason.LeaseExpired, expired.Count);
        Telemetry.CountRetries(RetryReason.DeviceLost, lost.Count);
        if (lost.Count > 0) LogLost(logger, lost.Count, this.GetPrimaryKeyString());
        foreach (var worker in ledger.WorkersWithLeasesUntil(Now + (0.75 * _options.Lease)))
            if (_asked.Add(worker)) _ = RenewAsync(ledger, worker);
        await FollowAdoptedAsync(ledger, desired);
        if (desired.Suspended || _error is not null) await CancelQueuedAsync(ledger);
        else await DispatchAsync(ledger, desired);
        _pending.Set(
            desired.Suspended || _error is not null ? 0 : ledger.Count - ledger.Settled(desired.Target),
            Telemetry.KindOf(desired.Spec, desired.Environment)
        );
        if (IsQuiet(ledger, desired))
        {
            if (ledger.Revision != _savedRevision) await SaveAsync(ledger);
            _loop.Rest();
            await NotifyRoundAsync(ledger, desired);
        }
        else if (ledger.Changes - _savedChanges >= _options.ResultsPerSnapshot)
        {
            await SaveAsync(ledger);
        }
    }

    /// <summary>Notifies the round that the shard is at rest; a repeated notification would only repeat its step.</summary>
    private async Task NotifyRoundAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        var notification = (desired.Target, desired.Suspended, _error, ledger.InFlight, ledger.Settled(desired.Target));
        if (notification == _lastNotified) return;
        _lastNotified = notification;
        await GrainFactory.GetRound(desired.Run, desired.Round).NotifyChanged();
    }

    private bool IsQuiet(ShardLedger ledger, ShardDesiredState desired) =>
        ledger.InFlight == 0 && (desired.Suspended || _error is not null || ledger.Settled(desired.Target) == ledger.Count);

    private async Task DispatchAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        var now = Now;
        if (desired.Suspended || _error is not null || now < _notBefore) return;
        var loads = Loads(ledger, now);
        if (loads.Count == 0) return;
        var window =
            desired.Spec.Execution.Window > 0 ? desired.Spec.Execution.Window : 2 * stages.LargestBatch(desired.Spec) * loads.Count;
        var picked = ledger.Pick(desired.Target, window - ledger.InFlight);
        var offers = new List<Task>();
        foreach (var group in picked.GroupBy(p => (p.Stage, Model: ScoringModelOf(desired, p.Stage, p.Item.Index))))
        {
            var (stage, model) = group.Key;
            var batches = LeastLoadedDispatcher.Assign([.. group.Select(g => g.Item)], stages[stage].BatchSize(desired.Spec), loads);
            foreach (var (worker, items) in batches) offers.Add(OfferAsync(ledger, desired, stage, model, items, worker));
        }

        await Task.WhenAll(offers);
    }

    /// <summary>The estimated load of the devices that take work.</summary>
    private Dictionary<string, int> Loads(ShardLedger ledger, TimeSpan now)
    {
        foreach (var (worker, until) in _avoided)
            if (until <= now) _avoided.Remove(worker);
        return devices.Devices
            .Where(d => !_avoided.ContainsKey(d.Key) && !_refusals.ContainsKey(d.Key))
            .ToDictionary(d => d.Key, d => _loads.Of(d, ledger.LoadOf(d.Key)), StringComparer.Ordinal);
    }

    private async Task OfferAsync(
        ShardLedger ledger,
        ShardDesiredState desired,
        Stage stage,
        SegmenterModel? scoringModel,
        ImmutableArray<WorkItem> items,
        string worker
    )
    {
        var deadline = Now + _options.Lease;
        foreach (var item in items) ledger.Grant(item.Index, new Lease(worker, item.Attempt, deadline));
        var taken = 0;
        try
        {
            var work = new BatchRequest(
                this.GetPrimaryKeyString(),
                desired.Run,
                desired.Spec,
                desired.Round,
                stage,
                desired.Donors,
                scoringModel,
                items,
                _epoch,
                desired.Environment
            );
            (taken, var outstanding, var refusal) = await GrainFactory.GetGrain<IDeviceWorkerGrain>(worker).Enqueue(work);
            _loads.Record(worker, outstanding, ledger.LoadOf(worker));
            if (refusal is not null && _refusals.TryAdd(worker, refusal)) LogRefused(logger, refusal);
        }
        catch (Exception exception)
        {
            LogOfferFailed(logger, exception, worker);
        }

        if (taken == items.Length) return;
        foreach (var item in items.AsSpan()[taken..]) ledger.Release(item.Index, worker);
        // The device is full, draining or unreachable: others may have room.
        _avoided[worker] = Now + _options.RetryDelay;
    }

    /// <summary>
    /// Asks a device which samples it has. Runs beside the reconcile steps, because a call to an unreachable device takes until its
    /// timeout.
    /// </summary>
    private async Task RenewAsync(ShardLedger ledger, string worker)
    {
        try
        {
            var held = await GrainFactory.GetGrain<IDeviceWorkerGrain>(worker).GetLeasedSamples(this.GetPrimaryKeyString());
            ledger.Renew(worker, held, Now + _options.Lease);
        }
        catch (Exception exception)
        {
            LogOfferFailed(logger, exception, worker);
        }
        finally
        {
            _asked.Remove(worker);
        }
    }

    private SegmenterModel? ScoringModelOf(ShardDesiredState desired, Stage stage, int index) =>
        !stages[stage].UsesScoringModel || desired.ScoringModels.IsEmpty ? null
        : desired.ScoringModels.Length == 1 ? desired.ScoringModels[0]
        : desired.ScoringModels[SamplePlanner.FoldOf(desired.Spec, index)];

    private async Task CancelQueuedAsync(ShardLedger ledger)
    {
        foreach (var worker in ledger.Workers())
        {
            try
            {
                var withdrawn = await GrainFactory.GetGrain<IDeviceWorkerGrain>(worker).CancelQueued(this.GetPrimaryKeyString());
                foreach (var index in withdrawn) ledger.Release(index, worker);
            }
            catch (Exception exception)
            {
                // Its leases end when the device counts as lost.
                LogOfferFailed(logger, exception, worker);
            }
        }
    }

    private async Task<ShardLedger> LoadAsync(ShardDesiredState desired)
    {
        _loading ??= ReadLedgerAsync(desired);
        try
        {
            return _ledger = await _loading;
        }
        catch
        {
            _loading = null;
            throw;
        }
    }

    private async Task<ShardLedger> ReadLedgerAsync(ShardDesiredState desired)
    {
        await _record.RefreshAsync();
        if (_record.Value is not { } record)
        {
            // The first record marks the shard as started: from then on samples may be ahead of it.
            var fresh = new ShardLedger(stages, desired.First, desired.Count);
            await _record.UpdateAsync(_ => fresh.ToRecord());
            return fresh;
        }

        // Devices are asked before samples are read: what a device does not have any more is in the records, and what it has is
        // reported to this activation.
        var held = await GetLeasedAsync();
        var ledger = new ShardLedger(stages, desired.First, record);
        await CorrectAsync(ledger, desired);
        foreach (var (worker, indices) in held)
            foreach (var index in indices)
            {
                ledger.Grant(index, new Lease(worker, ledger.AttemptOf(index), Now + _options.Lease));
                _adopted.Add(index);
            }

        // What was just read need not be written.
        (_savedChanges, _savedRevision) = (ledger.Changes, ledger.Revision);
        return ledger;
    }

    /// <summary>
    /// The samples that devices still have from a former activation of this shard, which the new one must not order again. A device that
    /// does not answer soon may be lost, and with it its work.
    /// </summary>
    private async Task<IReadOnlyList<(string Worker, int[] Indices)>> GetLeasedAsync()
    {
        var answers = await Task.WhenAll(devices.Devices.Select(device => AskAsync(device.Key)));
        return [.. answers.OfType<(string, int[])>()];

        async Task<(string, int[])?> AskAsync(string worker)
        {
            try
            {
                var asked = GrainFactory.GetGrain<IDeviceWorkerGrain>(worker).GetLeasedSamples(this.GetPrimaryKeyString());
                return (worker, await asked.WaitAsync(AdoptionTimeout, time));
            }
            catch (Exception exception)
            {
                LogOfferFailed(logger, exception, worker);
                return null;
            }
        }
    }

    /// <summary>
    /// Ends adopted leases of samples that their device does not have any more. Its report may have gone to the former activation, and
    /// without this the samples would wait until their leases expire.
    /// </summary>
    private async Task FollowAdoptedAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        _adopted.RemoveWhere(index => !ledger.IsLeased(index));
        if (_adopted.Count == 0) return;
        var held = (await GetLeasedAsync()).ToDictionary(h => h.Worker, h => h.Indices, StringComparer.Ordinal);
        // The lease of a device that does not answer ends when the device counts as lost.
        var ended = _adopted.Where(i => held.TryGetValue(ledger.LeaseOf(i), out var has) && !has.Contains(i)).ToList();
        foreach (var sample in await ReadAsync(desired, ended))
        {
            ledger.Apply(SampleTransitions.ProgressOf(sample));
            if (ledger.IsLeased(sample.Index)) ledger.Release(sample.Index, ledger.LeaseOf(sample.Index));
        }
    }

    /// <summary>
    /// The ledger for an answer on which the round decides. During a membership change a second activation may have been active; samples
    /// that this ledger does not show at the target are read.
    /// </summary>
    /// <returns>The ledger; null if not every sample has reached the target.</returns>
    private async Task<ShardLedger?> SettledAsync(ShardDesiredState desired)
    {
        var ledger = _ledger ?? await LoadAsync(desired);
        if (ledger.Settled(desired.Target) < ledger.Count) await CorrectAsync(ledger, desired);
        return ledger.Settled(desired.Target) == ledger.Count ? ledger : null;
    }

    /// <summary>Whether records for a list are not behind the ledger, and have reached at least a state or are quarantined.</summary>
    private async Task<bool> AgreeAsync(
        ShardLedger ledger,
        ShardDesiredState desired,
        IReadOnlyList<SampleRecord> records,
        SampleState least
    )
    {
        var older = records.Where(r => !stages.HasReached(r.State, least) || ledger.IsOlder(SampleTransitions.ProgressOf(r))).ToList();
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

    private async Task CorrectAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        var known = await Fanout.CallAsync(
            ledger.InDoubt(desired.Target).ToList(),
            index => RetryPolicies.ReadCall.ExecuteInGrainAsync(() => GrainFactory.GetSample(desired.Run, desired.Round, index).Get()));
        foreach (var sample in known)
            if (sample is not null) ledger.Correct(SampleTransitions.ProgressOf(sample));
    }

    private async Task SaveAsync(ShardLedger ledger)
    {
        var (changes, revision, conflicts) = (ledger.Changes, ledger.Revision, _record.Conflicts);
        await _record.UpdateAsync(_ => ledger.ToRecord());
        (_savedChanges, _savedRevision) = (changes, revision);
        // While one activation is active nobody else writes this record: the store may have lost more writes.
        if (_record.Conflicts > conflicts) _verifier.RequestAll();
    }

    private Task<List<SampleRecord>> ReadAsync(ShardDesiredState desired, IEnumerable<int> indices) =>
        Fanout.CallAsync(
            indices,
            async index =>
                await RetryPolicies.ReadCall.ExecuteInGrainAsync(() => GrainFactory.GetSample(desired.Run, desired.Round, index).Get())
                ?? SamplePlanner.Fresh(desired.Spec, desired.Round, index)
        );

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shard {Shard} could not take a step; it tries again")]
    private static partial void LogStepFailed(ILogger logger, Exception exception, string shard);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Work was refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The store has lost records of {Count} samples of shard {Shard}; their work is done again"
    )]
    private static partial void LogLostRecords(ILogger logger, int count, string shard);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} leases of shard {Shard} ran out; the samples are given to another device")]
    private static partial void LogExpired(ILogger logger, int count, string shard);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Devices that had {Count} samples of shard {Shard} are lost; the samples are given to others"
    )]
    private static partial void LogLost(ILogger logger, int count, string shard);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {Device} cannot be reached")]
    private static partial void LogOfferFailed(ILogger logger, Exception exception, string device);
}
