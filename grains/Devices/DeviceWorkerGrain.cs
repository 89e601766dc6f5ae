using System.Collections.Immutable;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;

namespace FreeMask.Grains.Devices;

/// <summary>
/// Queue and batches of one device. All code except the stage work runs on the grain's scheduler. Calls return at once, and batches are
/// tasks of their own: while the device executes one, the inputs of the next are read and the results of the last are stored.
/// </summary>
[PlaceOnOwnSilo, Immovable, Reentrant, KeepAlive]
internal sealed partial class DeviceWorkerGrain(
    StageTable stages,
    ILocalDevices devices,
    IArtifactStore artifacts,
    IComputeEnvironment environment,
    SampleRecordCache cache,
    IOptions<DeviceWorkerOptions> options,
    SiloDrainState drain,
    TimeProvider time,
    ILogger<DeviceWorkerGrain> logger
) : Grain, IDeviceWorkerGrain
{
    private readonly DeviceWorkerOptions _options = options.Value;
    private readonly StageRunnerChain _chain = new(stages, artifacts, time, logger);
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<Task> _batches = [];
    private readonly HashSet<List<QueuedItem>> _held = [];
    private readonly BatchTimeoutPolicy _timeouts = new(options.Value.BatchTimeout, options.Value.FirstBatchTimeout);
    private readonly DeviceExecutionGate _gate = new(options.Value.Parallelism);
    private readonly BatchQueue _queue = new(stages, options.Value.QueueCapacity);
    private LocalDevice? _local;
    private CancellationTokenSource _waiting = new();
    private int _running, _hanging;
    private string? _problem;

    private string Key => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _local = devices.Find(Key) ?? throw new InvalidOperationException($"This silo has no device '{Key}'.");
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _queue.Clear();
        await _stopping.CancelAsync();
        await Task.WhenAny(Task.WhenAll(_batches), Task.Delay(_options.StopTimeout, time, cancellationToken));
        NoteLoad();
    }

    public async Task<BatchReceipt> Enqueue(BatchRequest request)
    {
        var own = await environment.DescribeAsync(request.Spec.Model, _stopping.Token);
        if (EnvironmentCheck.Refuse(request.Spec, request.Environment, DeviceKeys.NameOf(Key), own, _local!.Address.Kind) is { } refusal)
            return new BatchReceipt(0, _queue.Count + _running, refusal);
        var taken = _stopping.IsCancellationRequested || drain.IsDraining || _hanging > 0 ? 0 : Add(request);
        StartBatches();
        NoteLoad();
        return new BatchReceipt(taken, _queue.Count + _running);
    }

    public Task<int[]> CancelQueued(string shard)
    {
        var withdrawn = _queue.CancelQueued(shard).ToArray();
        NoteLoad();
        return Task.FromResult(withdrawn);
    }

    public async Task Drain()
    {
        drain.Begin();
        await GiveBackQueueAsync();
        await Task.WhenAny(Task.WhenAll(_batches), Task.Delay(_options.DrainTimeout, time));
        await _stopping.CancelAsync();
        await Task.WhenAny(Task.WhenAll(_batches), Task.Delay(_options.StopTimeout, time));
    }

    public Task<int[]> GetLeasedSamples(string shard) => Task.FromResult<int[]>([.. LeasedTo(shard).Select(w => w.Item.Index)]);

    private IEnumerable<QueuedItem> LeasedTo(string shard) =>
        _queue.Items.Concat(_held.SelectMany(batch => batch)).Where(w => w.Request.Shard == shard);

    /// <summary>
    /// Queues the items of a request. While silos come and go two activations of a shard may assign the same work; what this device has
    /// already is not queued again, and its result is reported once.
    /// </summary>
    /// <returns>How many items, from the front, the device has now.</returns>
    private int Add(BatchRequest request)
    {
        var leased = LeasedTo(request.Shard)
            .Where(w => w.Request.Stage == request.Stage)
            .Select(w => (w.Item.Index, w.Item.Attempt))
            .ToHashSet();
        if (leased.Count == 0) return _queue.Add(request);
        var added = request.Items.Where(i => !leased.Contains((i.Index, i.Attempt))).ToImmutableArray();
        var taken = _queue.Add(request with { Items = added });
        return taken == added.Length ? request.Items.Length : request.Items.IndexOf(added[taken]);
    }

    private void StartBatches()
    {
        while (_batches.Count < _options.Parallelism + _options.Overlap && _queue.Count > 0) _ = TrackAsync(_queue.TakeBatch());
    }

    private async Task TrackAsync(List<QueuedItem> batch)
    {
        _held.Add(batch);
        var task = RunBatchAsync(batch);
        _batches.Add(task);
        _running += batch.Count;
        await task;
        _batches.Remove(task);
        _held.Remove(batch);
        _running -= batch.Count;
        StartBatches();
        NoteLoad();
    }

    private void NoteLoad()
    {
        if (_local is { } local) (local.Queued, local.Running) = (_queue.Count, _running);
    }

    // Never throws. The shards get a report about every sample; if that fails, the leases expire.
    private async Task RunBatchAsync(List<QueuedItem> batch)
    {
        await Task.Yield();
        var request = batch[0].Request;
        var done = new Dictionary<int, SampleProgress>();
        string? error = null;
        var started = time.GetTimestamp();
        var seconds = 0.0;
        try
        {
            var inputs = await PrepareAsync(batch, done);
            if (inputs.Count > 0)
            {
                var (outcomes, elapsed) = await ComputeAsync(batch, inputs);
                seconds = elapsed;
                await KeepAsync(request, inputs, outcomes, elapsed / inputs.Count, done);
            }
        }
        catch (ModelFaultException fault)
        {
            error = fault.Message;
            LogModelFault(logger, fault, request.Stage, Key);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            LogBatchLeft(logger, request.Stage, batch.Count, Key);
        }
        catch (Exception exception)
        {
            // Repeated equal errors are logged once.
            var problem = WaitReasons.Of(exception);
            if (_problem != problem) LogBatchGivenUp(logger, exception, request.Stage, batch.Count, Key);
            _problem = problem;
        }

        if (error is null && done.Count == batch.Count) _problem = null;

        LogBatch(logger, request.Stage, batch.Count, time.GetElapsedTime(started).TotalSeconds, Key);
        await ReportAsync(batch, done, seconds, error);
    }

    /// <summary>Reads the records of the samples that are not cached. A sample in another state or attempt is left out.</summary>
    private async Task<List<StageInput>> PrepareAsync(List<QueuedItem> batch, Dictionary<int, SampleProgress> done)
    {
        var request = batch[0].Request;
        var records = await Task.WhenAll(batch.Select(w => cache.Take(request, w.Item) is { } record
            ? Task.FromResult<SampleRecord?>(record)
            : GrainFactory.GetSample(request.Run, request.Round, w.Item.Index).Get()));
        var inputs = new List<StageInput>();
        for (var i = 0; i < batch.Count; i++)
        {
            var item = batch[i].Item;
            var record = records[i] ?? SamplePlanner.Fresh(request.Spec, request.Round, item.Index);
            if (record.State != stages[request.Stage].Before || record.Attempt != item.Attempt)
            {
                done[item.Index] = SampleTransitions.ProgressOf(record);
                continue;
            }

            inputs.Add(
                StageInput.Of(request.Run, record) with
                {
                    Donors = stages[request.Stage].UsesDonors ? request.Donors : null,
                    ScoringModel = request.ScoringModel,
                }
            );
        }

        return inputs;
    }

    private async Task<(IReadOnlyList<StageOutcome> Outcomes, double Seconds)> ComputeAsync(List<QueuedItem> batch, List<StageInput> inputs)
    {
        var request = batch[0].Request;
        var (token, key) = (_stopping.Token, Key);
        // The work leaves the grain's scheduler and takes only the factory of the grain along.
        var (runner, watchdog) = _chain.ForBatch(
            _local!.Runner, GrainFactory, request.Run, request.Round, request.Donors, _timeouts.HasCompleted(BatchQueue.KeyOf(request)));
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, _waiting.Token);
        var execution = _gate.Enter(WorkAsync, waiting.Token);
        if (await Task.WhenAny(execution.Begun, execution.Work) == execution.Begun) await WatchAsync(batch, watchdog, execution.Work);
        var (outcomes, seconds) = await execution.Work;
        var size = stages[request.Stage].BatchSize(request.Spec);
        Telemetry.CountBatch(request.Stage, inputs.Count, size, seconds, key);
        _local.Batches.Record(request.Stage, inputs.Count, size);
        foreach (var outcome in outcomes) Telemetry.CountItem(request.Stage, outcome.Result);
        return (outcomes, seconds);

        async Task<(IReadOnlyList<StageOutcome>, double)> WorkAsync()
        {
            var started = time.GetTimestamp();
            using var activity = Telemetry.StartBatch(request.Stage, inputs.Count, key);
            return (await runner.RunAsync(request.Stage, request.Spec, inputs, token), time.GetElapsedTime(started).TotalSeconds);
        }
    }

    /// <summary>
    /// Waits for the work. After the timeout the device counts as hanging and everything that it has is given back, to be assigned to
    /// other devices. If the work returns after all, the device takes work again, and its results are sent to the samples, which ignore
    /// them if they are stale.
    /// </summary>
    private async Task WatchAsync(List<QueuedItem> batch, StageWatchdog watchdog, Task work)
    {
        var key = BatchQueue.KeyOf(batch[0].Request);
        var patience = _timeouts.TimeoutOf(key);
        while (!await EndsWithinAsync(work, patience - watchdog.Elapsed))
        {
            if (watchdog.Elapsed < patience) continue;
            _timeouts.Record(key, patience);
            LogHangs(logger, key.Stage, batch.Count, patience.TotalSeconds, Key);
            _hanging++;
            _local!.Hangs = true;
            await GiveBackAsync(batch);
            await work.ContinueWith(_ => { }, TaskScheduler.Current);
            _hanging--;
            _local.Hangs = _hanging > 0;
            LogCameBack(logger, Key);
            return;
        }

        if (work.IsCompletedSuccessfully) _timeouts.Record(key, watchdog.Elapsed);
    }

    private async Task<bool> EndsWithinAsync(Task work, TimeSpan within)
    {
        try
        {
            await work.WaitAsync(within > TimeSpan.Zero ? within : TimeSpan.Zero, time);
        }
        catch (Exception exception) when (exception is TimeoutException || work.IsCompleted)
        {
            // The caller awaits the work and observes its exception.
        }

        return work.IsCompleted;
    }

    /// <summary>Gives back a batch that timed out, the batches that wait behind it, and the queue.</summary>
    private async Task GiveBackAsync(List<QueuedItem> hanging)
    {
        _held.Remove(hanging);
        var waiting = _waiting;
        _waiting = new CancellationTokenSource();
        await waiting.CancelAsync();
        await ReportAsync(hanging, [], 0, null);
        await GiveBackQueueAsync();
    }

    private async Task GiveBackQueueAsync()
    {
        foreach (var group in _queue.Clear().GroupBy(w => w.Request.Stage)) await ReportAsync([.. group], [], 0, null);
        NoteLoad();
    }

    private async Task KeepAsync(
        BatchRequest request,
        List<StageInput> inputs,
        IReadOnlyList<StageOutcome> outcomes,
        double seconds,
        Dictionary<int, SampleProgress> done
    )
    {
        var kept = await Task.WhenAll(inputs.Select((input, i) => KeepOneAsync(request, input, outcomes[i], seconds)));
        foreach (var progress in kept)
            if (progress is not null) done[progress.Index] = progress;
    }

    /// <summary>Sends a result to its sample. A failed write may have been applied; sending again is idempotent.</summary>
    private async Task<SampleProgress?> KeepOneAsync(BatchRequest request, StageInput input, StageOutcome outcome, double seconds)
    {
        var completion = new StageCompletion
        {
            Stage = request.Stage,
            Attempt = input.Attempt,
            Faults = input.Faults,
            Result = outcome.Result,
            Plan = input.Plan,
            Artifacts = [.. outcome.Artifacts.Select(a => new ArtifactReference(a.Name, a.Hash, _local!.Address.Kind))],
            Facts = outcome.Facts,
            Places = outcome.Places,
            Score = outcome.Score,
            Reason = outcome.Reason,
            Seconds = seconds,
            MaxAttempts = request.Spec.Execution.MaxAttempts,
            ScoringModel = request.ScoringModel?.Weights,
            EndedAtMilliseconds = time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        try
        {
            var record = await RetryPolicies.IdempotentWrite.ExecuteInGrainAsync(() =>
                GrainFactory.GetSample(request.Run, request.Round, input.Index).Complete(completion)
            );
            cache.Add(request.Run, record);
            return SampleTransitions.ProgressOf(record);
        }
        catch (Exception exception)
        {
            var problem = WaitReasons.Of(exception);
            if (_problem != problem) LogKeepFailed(logger, exception, request.Stage);
            _problem = problem;
            return null;
        }
    }

    private async Task ReportAsync(List<QueuedItem> batch, Dictionary<int, SampleProgress> done, double seconds, string? error)
    {
        // A batch counts as running until it is reported.
        var outstanding = Math.Max(0, _queue.Count + _running - batch.Count);
        foreach (var shard in batch.GroupBy(w => (w.Request.Shard, w.Request.Epoch)))
        {
            var finished = ImmutableArray.CreateBuilder<SampleProgress>();
            var unfinished = ImmutableArray.CreateBuilder<int>();
            foreach (var work in shard)
            {
                if (done.TryGetValue(work.Item.Index, out var progress)) finished.Add(progress);
                else unfinished.Add(work.Item.Index);
            }

            var share = seconds * shard.Count() / batch.Count;
            var report = new BatchReport(
                batch[0].Request.Stage,
                finished.ToImmutable(),
                share,
                unfinished.ToImmutable(),
                error,
                Key,
                shard.Key.Epoch,
                outstanding,
                unfinished.Count > 0 ? _problem : null
            );
            await GrainFactory.GetGrain<ISampleShardGrain>(shard.Key.Shard).Report(report);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Stage} of {Count} samples took {Seconds:0.000} s on {Device}")]
    private static partial void LogBatch(ILogger logger, Stage stage, int count, double seconds, string device);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Stage} of {Count} samples was left on {Device}, which stops; they are ordered again"
    )]
    private static partial void LogBatchLeft(ILogger logger, Stage stage, int count, string device);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Stage} cannot go on: the model is at fault ({Device})")]
    private static partial void LogModelFault(ILogger logger, Exception exception, Stage stage, string device);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Stage} of {Count} samples was given up on {Device}; they are ordered again")]
    private static partial void LogBatchGivenUp(ILogger logger, Exception exception, Stage stage, int count, string device);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "{Device} hangs: {Stage} of {Count} samples did not end within {Seconds:0.0} s; its work is given to other devices"
    )]
    private static partial void LogHangs(ILogger logger, Stage stage, int count, double seconds, string device);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Device} came back; it takes work again")]
    private static partial void LogCameBack(ILogger logger, string device);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sample did not keep its {Stage} result")]
    private static partial void LogKeepFailed(ILogger logger, Exception exception, Stage stage);
}
