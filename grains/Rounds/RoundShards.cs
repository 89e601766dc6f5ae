using System.Collections.Immutable;
using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>The shards of a round: what they reported last, and which have reached the target.</summary>
/// <param name="grains">Access to the shards.</param>
/// <param name="stages">The order of the states.</param>
/// <param name="activeShards">How many shards work at a time.</param>
internal sealed class RoundShards(IGrainFactory grains, StageTable stages, int activeShards)
{
    /// <summary>How many shards read all their samples at a time.</summary>
    public const int ReadingAtATime = 4;

    private readonly Dictionary<int, ShardReport> _reports = [];
    private readonly Dictionary<int, (SampleState Target, bool HoldsComposites, bool HoldsSecondUses)> _settled = [];
    private Task? _reading;

    /// <summary>The last reports.</summary>
    public IReadOnlyCollection<ShardReport> Reports => _reports.Values;

    /// <summary>The totals of the reports.</summary>
    public RoundTally TallyOf(RoundRecord record) => RoundTally.Of(record.Assignment.Spec.SamplesPerRound, _reports.Values);

    /// <summary>Results of stages, and rejected masks; increases with every result.</summary>
    public long Results(RoundRecord record)
    {
        var status = new RoundStatus
        {
            Round = record.Assignment.Round,
            Counts = TallyOf(record).Counts,
            SecondUses = SamplePlanner.SecondUsesPerRound(record.Assignment.Spec),
        };
        return stages.Stages.Sum(s => (long)status.WorkedOn(stages, s)) + status.Counts.Rejected;
    }

    /// <summary>The shards, each with its desired state in which it starts no work.</summary>
    public IEnumerable<(ISampleShardGrain Shard, ShardDesiredState Desired)> Of(RoundRecord record)
    {
        var layout = new ShardLayout(record);
        for (var shard = 0; shard < layout.Count; shard++)
            yield return (GrainOf(record, shard), layout.DesiredStateOf(stages, shard, suspended: true));
    }

    /// <summary>Has every shard reconciled again: the store has lost records, or samples are tried again.</summary>
    public void Unsettle() => _settled.Clear();

    /// <summary>Takes the report of a shard that carried out the selection.</summary>
    public void Note(int shard, ShardReport report) => _reports[shard] = report;

    /// <summary>Reconciles a few shards at a time towards the record's target.</summary>
    /// <returns>Whether all samples have reached it or are quarantined, and the first error of a shard.</returns>
    public async Task<(bool Settled, string? Error)> SettleAsync(RoundRecord record)
    {
        var layout = new ShardLayout(record);
        var target = (record.Target(stages), record.HoldsComposites, record.HoldsSecondUses);
        var active = 0;
        string? error = null;
        for (var shard = 0; shard < layout.Count && active < activeShards; shard++)
        {
            if (_settled.TryGetValue(shard, out var reached) && reached == target) continue;
            var report = await ReconcileAsync(record, shard, suspended: false);
            error ??= report.Error;
            if (report.Settled == layout.SamplesOf(shard)) _settled[shard] = target;
            else active++;
        }

        return (active == 0, error);
    }

    /// <summary>Asks the shards again whose steps fail, also those that have no work left: what they wait for may have ended.</summary>
    public async Task AskWaitingAsync(RoundRecord record)
    {
        foreach (var shard in _reports.Where(report => report.Value.Waits is not null).Select(report => report.Key).ToList())
            await ReconcileAsync(record, shard, suspended: false);
    }

    /// <summary>Has the shards start no new work and cancel what is queued.</summary>
    /// <returns>True when no sample is in flight.</returns>
    public async Task<bool> SuspendAsync(RoundRecord record)
    {
        var isIdle = true;
        for (var shard = 0; shard < new ShardLayout(record).Count; shard++)
        {
            // A shard without a report may have been active since before this activation.
            if (_reports.TryGetValue(shard, out var known) && known.InFlight == 0 && _settled.ContainsKey(shard)) continue;
            isIdle &= (await ReconcileAsync(record, shard, suspended: true)).InFlight == 0;
        }

        return isIdle;
    }

    /// <summary>Has the shards put quarantined samples back.</summary>
    /// <param name="record">The round.</param>
    /// <param name="indices">Indices within the round; null for all.</param>
    /// <param name="suspendFirst">Whether no sample may start before the next reconciliation.</param>
    public async Task RetryAsync(RoundRecord record, int[]? indices, bool suspendFirst)
    {
        foreach (var (number, (shard, desired)) in Of(record).Index())
        {
            if (suspendFirst) await ReconcileAsync(record, number, suspended: true);
            await shard.Retry(desired, indices);
        }
    }

    /// <summary>Reads the shards of an inactive round that this activation has not reconciled.</summary>
    public Task ReadReportsAsync(RoundRecord record)
    {
        return _reports.Count == new ShardLayout(record).Count ? Task.CompletedTask : _reading ??= ReadAsync();

        async Task ReadAsync()
        {
            try
            {
                var missing = Of(record).Index().Where(shard => !_reports.ContainsKey(shard.Index)).ToList();
                var reports = await Fanout.CallAsync(
                    missing,
                    shard => RetryPolicies.ReadCall.ExecuteInGrainAsync(() => shard.Item.Shard.GetReport(shard.Item.Desired)),
                    ReadingAtATime
                );
                foreach (var (shard, report) in missing.Zip(reports)) _reports.TryAdd(shard.Index, report);
            }
            finally
            {
                _reading = null;
            }
        }
    }

    /// <summary>Lists samples by index, shard after shard.</summary>
    public async Task<SamplePage> GetSamplesAsync(RoundRecord record, SampleQuery query)
    {
        var layout = new ShardLayout(record);
        var found = ImmutableArray.CreateBuilder<SampleRecord>();
        var limit = Math.Clamp(query.Limit, 1, 1000);
        for (var shard = Math.Max(0, query.From) / layout.Size; shard < layout.Count; shard++)
        {
            var rest = query with { Limit = limit - found.Count };
            var reader = GrainOf(record, shard);
            var desired = layout.DesiredStateOf(stages, shard, suspended: true);
            var page = await RetryPolicies.ReadCall.ExecuteInGrainAsync(() => reader.GetSamples(rest, desired));
            found.AddRange(page.Samples);
            if (page.Next is not null) return new SamplePage(found.ToImmutable(), page.Next);
            if (found.Count == limit && shard + 1 < layout.Count)
                return new SamplePage(found.ToImmutable(), (shard + 1) * layout.Size);
        }

        return new SamplePage(found.ToImmutable(), null);
    }

    /// <summary>The states of all samples, of those shards whose version is not known.</summary>
    public async Task<ImmutableArray<ShardStates>> GetStatesAsync(RoundRecord record, ImmutableArray<string?> known)
    {
        var states = await Fanout.CallAsync(Of(record).Index(), shard =>
        {
            var version = known.IsDefault || shard.Index >= known.Length ? null : known[shard.Index];
            return RetryPolicies.ReadCall.ExecuteInGrainAsync(() => shard.Item.Shard.GetStates(shard.Item.Desired, version));
        });
        return [.. states.OfType<ShardStates>().OrderBy(s => s.First)];
    }

    private async Task<ShardReport> ReconcileAsync(RoundRecord record, int shard, bool suspended)
    {
        var report = await GrainOf(record, shard).Reconcile(new ShardLayout(record).DesiredStateOf(stages, shard, suspended));
        // A shard that has not read its samples yet has no counts: the previous ones stay.
        if (report.Counts.Planned > 0 || !_reports.TryGetValue(shard, out var before)) _reports[shard] = report;
        else _reports[shard] = before with { Waits = report.Waits };
        return report;
    }

    private ISampleShardGrain GrainOf(RoundRecord record, int shard) =>
        grains.GetShard(record.Assignment.Run, record.Assignment.Round, shard);
}
