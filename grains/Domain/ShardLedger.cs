using System.Collections.Immutable;

namespace FreeMask.Grains.Domain;

/// <summary>The stored form of a shard: a few bytes for each sample.</summary>
/// <param name="States">State of each sample.</param>
/// <param name="Attempts">Attempt of each sample.</param>
/// <param name="Scores">Score in millionths, or -1.</param>
/// <param name="Seconds">Device seconds per stage.</param>
/// <param name="Failures">Rejections and faults by reason.</param>
/// <param name="Rejected">Masks rejected.</param>
/// <param name="Objects">The number of objects of each sample; null in records from before they were counted.</param>
[GenerateSerializer, Immutable, Alias("freemask.ShardRecord")]
internal sealed record ShardRecord(
    [property: Id(0)] byte[] States,
    [property: Id(1)] ushort[] Attempts,
    [property: Id(2)] int[] Scores,
    [property: Id(3)] StageSeconds Seconds,
    [property: Id(4)] ImmutableArray<FailureGroup> Failures,
    [property: Id(5)] int Rejected,
    [property: Id(6)] byte[]? Objects = null);

/// <summary>A lease: a device holds a sample until a deadline. The attempt is the fencing token.</summary>
/// <param name="Worker">The device's key.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Deadline">When the lease expires: time since the activation of the shard, by a monotonic clock.</param>
internal readonly record struct Lease(string Worker, int Attempt, TimeSpan Deadline);

/// <summary>
/// A shard's view of its samples: states, attempts and scores in arrays, and leases of the samples in flight. The records of the samples
/// are authoritative; this is a copy from which work is assigned. Reports only move it forward. It moves back only if the stored record of
/// a sample is behind it (<see cref="Regress"/>).
/// </summary>
internal sealed class ShardLedger
{
    private readonly StageTable _stages;
    private readonly byte[] _states;
    private readonly ushort[] _attempts;
    private readonly int[] _scores;
    private readonly byte[] _objects;
    private readonly int[] _faults;
    private readonly int[] _histogram = new int[byte.MaxValue + 1];
    private readonly Dictionary<int, Lease> _leases = [];
    private readonly Dictionary<string, (int Count, int Example)> _failures = new(StringComparer.Ordinal);

    private StageSeconds _seconds = new();
    private int _rejected;

    /// <summary>A shard whose samples are all planned.</summary>
    public ShardLedger(StageTable stages, int first, int count)
    {
        _stages = stages;
        First = first;
        _states = new byte[count];
        _attempts = new ushort[count];
        _scores = new int[count];
        _faults = new int[count];
        _objects = new byte[count];
        Array.Fill(_scores, -1);
        Array.Fill(_objects, (byte)1);
        _histogram[(int)SampleState.Planned] = count;
    }

    /// <summary>A shard from its stored form.</summary>
    public ShardLedger(StageTable stages, int first, ShardRecord record)
    {
        _stages = stages;
        First = first;
        _states = [.. record.States];
        _attempts = [.. record.Attempts];
        _scores = [.. record.Scores];
        _faults = new int[_states.Length];
        _objects = [.. record.Objects ?? Enumerable.Repeat((byte)1, _states.Length)];
        _seconds = record.Seconds;
        _rejected = record.Rejected;
        foreach (var stage in _states) _histogram[stage]++;
        foreach (var failure in record.Failures) _failures[failure.Reason] = (failure.Count, failure.Example);
    }

    /// <summary>The index of the first sample within the round.</summary>
    public int First { get; }

    /// <summary>How many samples.</summary>
    public int Count => _states.Length;

    /// <summary>Samples with a lease.</summary>
    public int InFlight => _leases.Count;

    /// <summary>Results applied since this ledger was created or loaded.</summary>
    public int Changes { get; private set; }

    /// <summary>Increases with every change of <see cref="ToRecord"/>: results, seconds and failures.</summary>
    public int Revision { get; private set; }

    /// <summary>Increases with every change of <see cref="Leased"/>.</summary>
    public int LeaseRevision { get; private set; }

    /// <summary>Scores in millionths by index; -1 where there is none, and for samples that are quarantined.</summary>
    public int[] Scores
    {
        get
        {
            var scores = (int[])_scores.Clone();
            for (var i = 0; i < scores.Length; i++)
                if (
                    (SampleState)_states[i] is var state
                    && (state == SampleState.Quarantined || !_stages.HasReached(state, SampleState.Scored))
                )
                    scores[i] = -1;
            return scores;
        }
    }

    /// <summary>A copy of the states by index, as <see cref="SampleState"/>.</summary>
    public byte[] States => [.. _states];

    /// <summary>A copy of the attempts by index.</summary>
    public ushort[] Attempts => [.. _attempts];

    /// <summary>A copy of the number of objects by index.</summary>
    public byte[] Objects => (byte[])_objects.Clone();

    /// <summary>The number of objects of a sample.</summary>
    public int ObjectsOf(int index) => _objects[index - First];

    /// <summary>The state of a sample.</summary>
    public SampleState StateOf(int index) => (SampleState)_states[index - First];

    /// <summary>The attempt of a sample.</summary>
    public int AttemptOf(int index) => _attempts[index - First];

    /// <summary>The indices of the samples with a lease, ascending.</summary>
    public int[] Leased() => [.. _leases.Keys.Order()];

    /// <summary>Whether a sample has a lease.</summary>
    public bool IsLeased(int index) => _leases.ContainsKey(index);

    /// <summary>The device that has the lease of a sample.</summary>
    public string LeaseOf(int index) => _leases[index].Worker;

    /// <summary>Whether a device has the lease of a sample.</summary>
    public bool IsLeasedTo(int index, string worker) => _leases.TryGetValue(index, out var lease) && lease.Worker == worker;

    /// <summary>The score of a sample in millionths, or -1.</summary>
    public int ScoreOf(int index) => _scores[index - First];

    /// <summary>How many samples have reached each state; quarantined samples count nowhere else.</summary>
    public StateCounts Counts()
    {
        return StateCounts.Of(_stages.States, CountOf, _rejected);

        int CountOf(SampleState state) => state switch
        {
            SampleState.Planned => Count,
            SampleState.Kept or SampleState.Dropped or SampleState.Quarantined => _histogram[(int)state],
            _ => Reached(state) - _histogram[(int)SampleState.Quarantined],
        };
    }

    /// <summary>Samples that have reached their target or are quarantined.</summary>
    public int Settled(ShardTarget target)
    {
        if (target.Held is null && !target.HoldsSecondUses) return Reached(target.State);
        var settled = 0;
        for (var i = 0; i < Count; i++)
            if (HasReached(i, target)) settled++;
        return settled;
    }

    /// <summary>Device seconds per stage.</summary>
    public StageSeconds Seconds => _seconds;

    /// <summary>Rejections and faults by reason, most frequent first.</summary>
    public ImmutableArray<FailureGroup> Failures() =>
        [
            .. _failures
                .Select(f => new FailureGroup(f.Key, f.Value.Count, f.Value.Example))
                .OrderByDescending(f => f.Count)
                .ThenBy(f => f.Reason, StringComparer.Ordinal),
        ];

    /// <summary>The form to store.</summary>
    public ShardRecord ToRecord() => new([.. _states], [.. _attempts], [.. _scores], _seconds, Failures(), _rejected, [.. _objects]);

    /// <summary>Samples that have not reached their target.</summary>
    public IEnumerable<int> Below(ShardTarget target)
    {
        for (var i = 0; i < Count; i++)
            if (!HasReached(i, target)) yield return First + i;
    }

    /// <summary>Samples in a state.</summary>
    public IEnumerable<int> At(SampleState stage)
    {
        for (var i = 0; i < Count; i++)
            if (_states[i] == (byte)stage) yield return First + i;
    }

    /// <summary>Second uses that are to take their drawing.</summary>
    public IEnumerable<int> WithoutDrawing(ShardTarget target) =>
        target.HoldsSecondUses ? [] : At(SampleState.Planned).Where(target.IsSecondUse);

    /// <summary>Finds samples for a page, by index.</summary>
    /// <param name="query">What is asked for; it starts at an index within the round.</param>
    /// <param name="classOf">The class of a sample.</param>
    /// <returns>Indices, at most the query's limit, and the next index that would be part of it; null where there is none.</returns>
    public (List<int> Found, int? Next) Find(SampleQuery query, Func<int, string> classOf)
    {
        var found = new List<int>();
        for (var index = Math.Max(query.From, First); index < First + Count; index++)
        {
            if (query.State is { } state && StateOf(index) != state) continue;
            if (query.Class is { } name && classOf(index) != name) continue;
            if (found.Count == query.Limit) return (found, index);
            found.Add(index);
        }

        return (found, null);
    }

    /// <summary>
    /// Picks samples without lease that have not reached the target: the furthest state first, so that samples in progress are finished
    /// first, then by index.
    /// </summary>
    /// <param name="target">The state to reach.</param>
    /// <param name="room">Maximum number of samples.</param>
    public List<(Stage Stage, WorkItem Item)> Pick(ShardTarget target, int room)
    {
        var picked = new List<(Stage, WorkItem)>();
        for (var rank = _stages.RankOf(target.State) - 1; rank >= 0 && room > 0; rank--)
        {
            var state = _stages.States[rank];
            if (_histogram[(int)state] == 0) continue;
            var stage = _stages.Next(state)!.Stage;
            for (var i = 0; i < Count && room > 0; i++)
            {
                if (_states[i] != (byte)state || _leases.ContainsKey(First + i) || HasReached(i, target)) continue;
                // It takes the image of its drawing.
                if (state == SampleState.Planned && target.IsSecondUse(First + i)) continue;
                picked.Add((stage, new WorkItem(First + i, _attempts[i], _faults[i])));
                room--;
            }
        }

        return picked;
    }

    /// <summary>Adds a lease.</summary>
    public void Grant(int index, Lease lease)
    {
        LeaseRevision++;
        _leases[index] = lease;
    }

    /// <summary>Ends a lease of a device. A lease of another device stays.</summary>
    public void Release(int index, string worker)
    {
        if (_leases.TryGetValue(index, out var lease) && lease.Worker == worker) Remove(index);
    }

    /// <summary>Samples with a lease of a device.</summary>
    public int LoadOf(string worker) => _leases.Values.Count(l => l.Worker == worker);

    /// <summary>Devices with leases.</summary>
    public string[] Workers() => [.. _leases.Values.Select(l => l.Worker).Distinct()];

    /// <summary>Ends expired leases.</summary>
    /// <returns>Their indices.</returns>
    public List<int> TakeExpired(TimeSpan now)
    {
        var expired = _leases.Where(l => l.Value.Deadline <= now).Select(l => l.Key).ToList();
        foreach (var index in expired) Remove(index);
        return expired;
    }

    /// <summary>Ends the leases of lost devices.</summary>
    /// <returns>Their indices.</returns>
    public List<int> TakeLost(Func<string, bool> isLost)
    {
        var workers = Workers().Where(isLost).ToHashSet(StringComparer.Ordinal);
        var lost = _leases.Where(l => workers.Contains(l.Value.Worker)).Select(l => l.Key).ToList();
        foreach (var index in lost) Remove(index);
        return lost;
    }

    /// <summary>Renews leases of a device for the samples that it reports. Its other leases keep their deadline.</summary>
    public void Renew(string worker, IEnumerable<int> held, TimeSpan deadline)
    {
        foreach (var index in held)
            if (_leases.TryGetValue(index, out var lease) && lease.Worker == worker) _leases[index] = lease with { Deadline = deadline };
    }

    /// <summary>Devices with a lease that ends before a point in time.</summary>
    public List<string> WorkersWithLeasesUntil(TimeSpan moment) =>
        [.. _leases.Values.Where(l => l.Deadline <= moment).Select(l => l.Worker).Distinct(StringComparer.Ordinal)];

    /// <summary>
    /// Applies a report about a sample. Outdated and repeated reports (a lower attempt, or an earlier state of the same attempt) are
    /// ignored.
    /// </summary>
    /// <returns>False if the report is outdated.</returns>
    public bool Apply(SampleProgress progress)
    {
        var i = progress.Index - First;
        var (stage, attempt) = ((SampleState)_states[i], _attempts[i]);
        if (IsOlder(progress)) return false;
        // A second use has the attempt of its drawing: the masks that were rejected before were counted there.
        if (progress.Attempt > attempt && !progress.IsSecondUse) CountFailure(progress, rejected: progress.Attempt - attempt);
        else if (progress.State == SampleState.Quarantined && stage != SampleState.Quarantined) CountFailure(progress, rejected: 0);
        Move(i, progress);
        return true;
    }

    /// <summary>Whether a report is behind this ledger: a late report, or a record whose last writes the store has lost.</summary>
    public bool IsOlder(SampleProgress progress)
    {
        var i = progress.Index - First;
        return progress.Attempt < _attempts[i]
            || (progress.Attempt == _attempts[i] && !_stages.HasReached(progress.State, (SampleState)_states[i]));
    }

    /// <summary>
    /// Moves a sample back to its stored record, because the store lost its last writes. The sample continues from there; the same seeds
    /// give the same artifacts.
    /// </summary>
    /// <param name="progress">The record as just read from the store.</param>
    /// <param name="reason">Counted as a failure, so that the loss is visible.</param>
    public void Regress(SampleProgress progress, string reason)
    {
        CountFailure(progress with { Failure = reason }, rejected: 0);
        Move(progress.Index - First, progress);
    }

    /// <summary>
    /// Samples whose records may be ahead of a ledger loaded from its stored form: those below the target, and quarantined ones, which may
    /// have been retried.
    /// </summary>
    public IEnumerable<int> InDoubt(ShardTarget target) => Below(target).Concat(At(SampleState.Quarantined));

    /// <summary>Applies the record of a sample in doubt.</summary>
    public void Correct(SampleProgress progress)
    {
        if (StateOf(progress.Index) == SampleState.Quarantined)
        {
            Readmit(progress);
            return;
        }

        // Faults after this ledger was stored.
        if (progress.Faults > 0 && progress.State != SampleState.Quarantined && _stages.HasReached(progress.State, StateOf(progress.Index)))
            CountFault(progress);
        Apply(progress);
    }

    /// <summary>Applies the record of a retried sample: the only transition out of Quarantined.</summary>
    public void Readmit(SampleProgress progress) => Move(progress.Index - First, progress);

    /// <summary>Counts a fault after which the sample is retried.</summary>
    public void CountFault(SampleProgress progress) => CountFailure(progress, rejected: 0);

    /// <summary>Adds device seconds.</summary>
    public void AddSeconds(Stage stage, double seconds)
    {
        Revision++;
        _seconds = _seconds.Plus(stage, seconds);
    }

    private bool HasReached(int i, ShardTarget target)
    {
        var state = (SampleState)_states[i];
        if (_stages.HasReached(state, target.State)) return true;
        if (target.HoldsSecondUses && target.IsSecondUse(First + i)) return true;
        // Only samples that have reached the state may be waiting in it.
        return target.Held is { } held
            && _stages.HasReached(state, held)
            && _stages.HasReached(state, target.For(First + i, _attempts[i]));
    }

    /// <summary>Samples in this state or a later one, including quarantined ones.</summary>
    private int Reached(SampleState target)
    {
        var reached = 0;
        for (var rank = _stages.RankOf(target); rank < _stages.States.Length; rank++) reached += _histogram[(int)_stages.States[rank]];
        return reached;
    }

    private void Remove(int index)
    {
        LeaseRevision++;
        _leases.Remove(index);
    }

    private void Move(int i, SampleProgress progress)
    {
        if (_states[i] != (byte)progress.State || _attempts[i] != progress.Attempt) Changes++;
        Revision++;
        _histogram[_states[i]]--;
        _states[i] = (byte)progress.State;
        _attempts[i] = checked((ushort)progress.Attempt);
        _scores[i] = progress.Score;
        _objects[i] = Math.Max((byte)1, progress.Objects);
        _faults[i] = progress.Faults;
        _histogram[_states[i]]++;
    }

    private void CountFailure(SampleProgress progress, int rejected)
    {
        Revision++;
        _rejected += rejected;
        var reason = FailureReasons.Shorten(progress.Failure ?? "unknown");
        if (_failures.Count >= FailureReasons.MaxOfShard && !_failures.ContainsKey(reason)) reason = FailureReasons.Others;
        var (count, example) = _failures.GetValueOrDefault(reason, (0, progress.Index));
        _failures[reason] = (count + Math.Max(1, rejected), example);
    }
}
