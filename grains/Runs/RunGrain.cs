using System.Collections.Immutable;
using System.Security.Cryptography;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Domain;
using FreeMask.Grains.RunSpecs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Serialization;

namespace FreeMask.Grains.Runs;

/// <summary>Leads a run: its rounds in order, and the commands of users. A reminder activates it after the death of its cluster.</summary>
internal sealed partial class RunGrain(
    [PersistentState("run", StorageNames.Coordination)] IPersistentState<Stored<RunRecord>> state,
    IArtifactStore artifacts,
    IDeviceDirectory devices,
    RecordLimit recordLimit,
    Serializer<RunSpec> serializer,
    IOptions<CoordinationOptions> options,
    IOptions<CollectionOptions> collection,
    TimeProvider time,
    ILogger<RunGrain> logger) : Grain, IRunGrain, IRemindable
{
    private const string Wake = "wake";

    // The shortest period of Orleans reminders.
    private static readonly TimeSpan WakePeriod = TimeSpan.FromMinutes(1);

    private readonly DurableRecord<RunRecord> _record = new(state);
    private readonly MetricShare _active = Telemetry.ActiveRun();
    private ReconcileLoop _loop = null!;
    private bool _idle = true;
    private ImmutableArray<string> _notes = [];

    private string Id => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _loop = new ReconcileLoop(
            this,
            ReconcileAsync,
            exception => LogStepFailed(logger, exception, Id),
            options.Value.ReconcileInterval,
            time
        );
        if (options.Value.ResumeRuns && _record.Value is { Ended: false }) _loop.Signal();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _active.Set(0);
        return Task.CompletedTask;
    }

    public async Task Start(RunSpec spec)
    {
        await _record.RefreshAsync();
        if (_record.Value is { } started)
        {
            if (SpecFingerprint.Of(started.Spec) != SpecFingerprint.Of(spec))
                throw new RunRejectedException($"The run '{Id}' was started with another specification; give this one another name.", []);
            _loop.Signal();
            return;
        }

        if (!RunName.IsValid(Id))
            throw new RunRejectedException($"'{Id}' cannot name a run: use up to {RunName.MaxLength} of a-z, 0-9, '.', '-' and '_'.", []);
        var problems = RunSpecValidator.Validate(spec);
        var specBytes = serializer.SerializeToArray(spec).Length;
        if (problems.IsEmpty && recordLimit.Bytes is { } most && RecordSize.Check(spec, specBytes, most) is { } tooLarge)
            problems = [tooLarge];
        if (!problems.IsEmpty)
            throw new RunRejectedException(
                $"The run cannot be started: {string.Join("; ", problems.Select(p => $"{p.Path}: {p.Message}"))}",
                problems
            );
        // Listed and given a reminder first: a run that exists is then always found, and an entry without a run does no harm.
        await GrainFactory.GetGrain<IRunDirectoryGrain>(0).Register(Id);
        await this.RegisterOrUpdateReminder(Wake, WakePeriod, WakePeriod);
        await _record.UpdateAsync(r => r ?? new RunRecord { Spec = spec, StartedAt = time.GetUtcNow() });
        _loop.Signal();
    }

    public async Task<RunStatus> GetStatus()
    {
        try
        {
            await _record.RefreshAsync();
        }
        catch (Exception exception) when (exception is not OperationCanceledException && _record.Value is not null)
        {
            // The store is away: what was last known is shown, with a note that says so.
            _loop.Signal();
        }

        if (_record.Value is not { } record) return new RunStatus { Run = Id, Idle = true };
        var rounds = record.Closed.Select(c => c.Status).ToImmutableArray();
        var notes = rounds.SelectMany(r => r.Notes).ToList();
        if (!record.AllClosed)
        {
            var open = await ReportAsync(record.Closed.Length);
            // One that has not begun may be waiting for its first record to be stored.
            notes.AddRange(open.Status.Notes);
            if (open.Status.StartedAt is not null) rounds = rounds.Add(open.Status);
        }

        notes.AddRange(_notes);
        if (_loop.Note is { } waits) notes.Add(waits);

        return new RunStatus
        {
            Run = Id,
            Name = record.Spec.Name,
            State = record.State,
            Reason = record.Reason,
            Rounds = rounds,
            RoundsPlanned = record.Spec.Rounds,
            StartedAt = record.StartedAt,
            EndedAt = record.EndedAt,
            ManifestHash = record.ManifestHash,
            ManifestParts = record.ManifestParts,
            Segmenter = record.Closed.IsEmpty ? null : record.Closed[^1].Status.Segmenter,
            Idle = _idle,
            Environment = record.Environment,
            Notes = [.. notes.Distinct()],
        };
    }

    public Task<RunSpec?> GetSpec() => Task.FromResult(_record.Value?.Spec);

    public Task Pause(string reason) => ChangeAsync(r => r.Pause(reason));

    public Task Resume() => ChangeAsync(r => r.Resume());

    public Task Cancel(string reason) => ChangeAsync(r => r.Cancel(reason, time.GetUtcNow()));

    public async Task Retry(int[]? indices)
    {
        await _record.RefreshAsync();
        if (_record.Value is not { Ended: false } record) return;
        if (!record.AllClosed)
        {
            // A lost list may be the cause of the error.
            foreach (var round in Enumerable.Range(0, record.Closed.Length + 1)) await GrainFactory.GetRound(Id, round).RestoreLists();
            // The round first: a run that resumes before the failures of its round are reset would fail again at once.
            await GrainFactory.GetRound(Id, record.Closed.Length).Retry(indices);
        }

        await ChangeAsync(r => r.Retry());
    }

    public async Task<SamplePage> GetSamples(SampleQuery query)
    {
        if (_record.Value is not { } record || query.Round < 0 || query.Round >= record.Spec.Rounds) return new SamplePage([], null);
        return await RetryPolicies.ReadCall.ExecuteInGrainAsync(() => GrainFactory.GetRound(Id, query.Round).GetSamples(query));
    }

    public async Task<ImmutableArray<ShardStates>> GetSampleStates(int round, ImmutableArray<string?> known)
    {
        if (_record.Value is not { } record || round < 0 || round >= record.Spec.Rounds) return [];
        return await RetryPolicies.ReadCall.ExecuteInGrainAsync(() => GrainFactory.GetRound(Id, round).GetSampleStates(known));
    }

    public async Task<RunArtifacts> GetArtifacts()
    {
        await _record.RefreshAsync();
        if (_record.Value is not { } record) return new RunArtifacts([], 0);
        // The open round of a cancelled run never becomes part of a data set; closed rounds stay.
        var cancelled = record.State == RunState.Cancelled;
        var trainings = cancelled
            ? []
            : await RetryPolicies.ReadCall.ExecuteInGrainAsync(() => GrainFactory.GetGrain<ITrainerGrain>(Id).GetArtifacts());
        return new RunArtifacts(
            [.. record.Artifacts, .. trainings],
            cancelled || record.AllClosed ? record.Closed.Length : record.Closed.Length + 1
        );
    }

    public async Task Remove()
    {
        await _record.RefreshAsync();
        if (_record.Value is not { } record) throw new RunRejectedException($"There is no run '{Id}'.", []);
        if (record.State == RunState.Running || !_idle)
            throw new RunRejectedException($"Run '{Id}' is at work; pause or cancel it first.", []);
        for (var round = 0; round < record.Spec.Rounds; round++) await GrainFactory.GetRound(Id, round).Remove();
        await GrainFactory.GetGrain<ITrainerGrain>(Id).Remove();
        await ForgetReminderAsync();
        // Removed from the list last: a listed run can be removed again after an interruption.
        await _record.RemoveAsync();
        await GrainFactory.GetGrain<IRunDirectoryGrain>(0).Unregister(Id);
        DeactivateOnIdle();
    }

    public async Task<bool> RestoreArtifact(int round, int index, string hash) =>
        _record.Value is { } record && await GrainFactory.GetGrain<IArtifactRestorerGrain>(Id).Restore(record.Spec, round, index, hash);

    public Task NotifyChanged()
    {
        if (_record.Value is not null) _loop.Signal();
        return Task.CompletedTask;
    }

    public async Task StoreLostWrites()
    {
        await _record.ReadAgainAsync();
        if (_record.Value is not null) _loop.Signal();
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (_record.Value is { Ended: false }) _loop.Signal();
        else await ForgetReminderAsync();
    }

    private async Task ChangeAsync(Func<RunRecord, RunRecord> change)
    {
        await _record.RefreshAsync();
        if (_record.Value is null) return;
        await _record.UpdateAsync(r => change(r!));
        _loop.Signal();
    }

    private async Task ReconcileAsync()
    {
        await _record.RefreshAsync();
        while (_record.Value is { State: RunState.Running } record)
        {
            _idle = false;
            _active.Set(1);
            if (record.AllClosed) await CompleteAsync(record);
            else if (record.Environment is null ? !await FindEnvironmentAsync(record) : !await AdvanceAsync(record)) return;
        }

        _active.Set(0);
        if (_record.Value is { } resting) await RestAsync(resting);
        else _loop.Rest();
    }

    /// <summary>Determines the environment of the devices and binds the run to it.</summary>
    /// <returns>False if not all devices are known yet, or none can work on the run.</returns>
    private async Task<bool> FindEnvironmentAsync(RunRecord record)
    {
        // The first silo to answer may be the one that differs from all others.
        if (!devices.IsComplete) return false;
        var offers = new List<RunEnvironment>();
        var problems = new List<string>();
        foreach (var silo in devices.Devices.GroupBy(d => DeviceKeys.SiloOf(d.Key)))
        {
            var own = await GrainFactory.GetGrain<IDeviceHostGrain>(silo.Key).GetEnvironment(record.Spec.Model);
            if (EnvironmentCheck.Refuse(record.Spec, null, DeviceKeys.NameOf(silo.Key), own, null) is { } problem) problems.Add(problem);
            else offers.AddRange(silo.Select(device => new RunEnvironment(own.Arithmetic, device.Kind, own.Bundle)));
        }

        _notes = [.. problems.Order(StringComparer.Ordinal)];
        if (EnvironmentCheck.Choose(offers) is { } environment)
        {
            await _record.UpdateAsync(r => r!.BeginIn(environment));
            return true;
        }

        // If silos answer and none has the bundle, waiting does not help.
        if (problems.Count > 0) await _record.UpdateAsync(r => r!.Fail(string.Join("; ", _notes)));
        return false;
    }

    /// <summary>Reconciles the open round.</summary>
    /// <returns>True if the run's record has changed.</returns>
    private async Task<bool> AdvanceAsync(RunRecord record)
    {
        var report = await GrainFactory.GetRound(Id, record.Closed.Length).Reconcile(record.OpenRound(Id), suspended: false);
        if (report.Status.Error is { } error)
        {
            LogFailed(logger, Id, error);
            await _record.UpdateAsync(r => r!.Fail(error));
            return true;
        }

        if (report.Status.Phase != RoundPhase.Closed) return false;
        await _record.UpdateAsync(r => r!.CloseRound(report));
        return true;
    }

    private async Task CompleteAsync(RunRecord record)
    {
        var header = await artifacts.PutAsync(Manifest.RunLine(record.Spec, record.Environment), CancellationToken.None);
        ImmutableArray<string> parts = [header, .. record.Closed.SelectMany(c => c.ManifestParts)];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts) hash.AppendData((await ReadAsync(record, part)).Span);
        var manifest = Convert.ToHexStringLower(hash.GetHashAndReset());
        await _record.UpdateAsync(r => r!.Complete(manifest, parts, time.GetUtcNow()));
        LogCompleted(logger, Id, manifest);
        if (collection.Value.Interval > TimeSpan.Zero) await GrainFactory.GetGrain<IArtifactCollectorGrain>(0).Collect();
    }

    private Task<RoundReport> ReportAsync(int round) =>
        RetryPolicies.ReadCall.ExecuteInGrainAsync(() => GrainFactory.GetRound(Id, round).GetReport());

    /// <summary>Reads a part of the manifest; a lost one is written again.</summary>
    private async Task<ReadOnlyMemory<byte>> ReadAsync(RunRecord record, string part)
    {
        try
        {
            return await artifacts.GetAsync(part, CancellationToken.None);
        }
        catch (ArtifactLostException)
        {
            await GrainFactory.GetRound(Id, Array.FindIndex([.. record.Closed], c => c.ManifestParts.Contains(part))).RestoreLists();
            return await artifacts.GetAsync(part, CancellationToken.None);
        }
    }

    private async Task RestAsync(RunRecord record)
    {
        _idle =
            record.AllClosed
            || (await GrainFactory.GetRound(Id, record.Closed.Length).Reconcile(record.OpenRound(Id), suspended: true)).Idle;
        if (!_idle) return;
        if (record.Ended) await ForgetReminderAsync();
        _loop.Rest();
    }

    private async Task ForgetReminderAsync()
    {
        if (await this.GetReminder(Wake) is { } reminder) await this.UnregisterReminder(reminder);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} is complete: manifest {Manifest}")]
    private static partial void LogCompleted(ILogger logger, string run, string manifest);

    [LoggerMessage(Level = LogLevel.Error, Message = "Run {Run} stops: {Error}")]
    private static partial void LogFailed(ILogger logger, string run, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run} could not take a step; it tries again")]
    private static partial void LogStepFailed(ILogger logger, Exception exception, string run);
}
