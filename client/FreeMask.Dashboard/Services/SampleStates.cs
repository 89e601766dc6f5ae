using System.Collections.Immutable;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;

namespace FreeMask.Dashboard.Services;

/// <summary>How many samples are in a state.</summary>
/// <param name="All">All of them.</param>
/// <param name="InWork">Those that a device has.</param>
public sealed record StateTally(int All, int InWork);

/// <summary>
/// The samples of a round in a few bytes each, as its shards last told. Immutable: a page keeps one while it draws.
/// </summary>
public sealed class SampleStates
{
    private readonly ImmutableArray<ShardStates> _shards;
    private readonly ImmutableArray<byte> _classes;
    private readonly Dictionary<int, string> _inWork = [];

    private SampleStates(RunSpec spec, int round, ImmutableArray<ShardStates> shards, ImmutableArray<byte> classes)
    {
        (Spec, Round, _shards, _classes) = (spec, round, shards, classes);
        foreach (var shard in shards)
            for (var i = 0; i < shard.InWork.Length; i++)
                _inWork[shard.InWork[i]] = i < shard.InWorkDevices?.Length ? NameOfDevice(shard.InWorkDevices[i]) : "";
        Devices = [.. _inWork.Values.Where(name => name.Length > 0).Distinct().Order(StringComparer.Ordinal)];
        Count = shards.IsEmpty ? 0 : shards.Max(s => s.First + s.States.Length);
    }

    /// <summary>The run's specification.</summary>
    public RunSpec Spec { get; }

    /// <summary>The round, from 0.</summary>
    public int Round { get; }

    /// <summary>The names of the run's label set: background first, under the values of its label maps.</summary>
    public IReadOnlyList<string> Labels => Spec.LabelSet().Names;

    /// <summary>The devices that have samples now, by name.</summary>
    public IReadOnlyList<string> Devices { get; }

    /// <summary>Samples; 0 before the round was planned.</summary>
    public int Count { get; }

    /// <summary>The versions of the shards, to ask for newer ones.</summary>
    public ImmutableArray<string?> Versions { get; private init; } = [];

    /// <summary>No samples yet.</summary>
    public static SampleStates Empty(RunSpec spec, int round) => new(spec, round, [], ClassesOf(spec, round));

    /// <summary>These states with newer ones of some shards.</summary>
    public SampleStates With(ImmutableArray<ShardStates> changed)
    {
        if (changed.IsEmpty) return this;
        var shards = _shards.ToDictionary(s => s.Shard);
        foreach (var shard in changed) shards[shard.Shard] = shard;
        var ordered = shards.Values.OrderBy(s => s.Shard).ToImmutableArray();
        return new SampleStates(Spec, Round, ordered, _classes)
        {
            Versions = [.. Enumerable.Range(0, ordered[^1].Shard + 1).Select(n => shards.GetValueOrDefault(n)?.Version)],
        };
    }

    /// <summary>How many samples are in a state.</summary>
    public StateTally Tally(SampleState state)
    {
        var (all, held) = (0, 0);
        foreach (var shard in _shards) all += shard.States.AsSpan().Count((byte)state);
        foreach (var index in _inWork.Keys)
            if (StateOf(index) == state) held++;
        return new StateTally(all, held);
    }

    /// <summary>The state of a sample.</summary>
    public SampleState StateOf(int index) => Find(index) is var (shard, i) ? (SampleState)shard.States[i] : SampleState.Planned;

    /// <summary>The attempt of a sample, from 0.</summary>
    public int AttemptOf(int index) => Find(index) is var (shard, i) ? shard.Attempts[i] : 0;

    /// <summary>The score of a sample in [0, 1]; null where there is none.</summary>
    public double? ScoreOf(int index) => Find(index) is var (shard, i) && shard.Scores[i] >= 0 ? shard.Scores[i] / 1e6 : null;

    /// <summary>The number of objects of a sample.</summary>
    public int ObjectsOf(int index) => Find(index) is var (shard, i) ? shard.Objects[i] : 1;

    /// <summary>The lowest score that is kept of samples like this one; null before selection.</summary>
    public double? CutOf(RoundStatus round, int index) =>
        round.Thresholds.CutOf(ClassOf(index), ObjectsOf(index));

    /// <summary>Whether a device has the sample now.</summary>
    public bool IsInWork(int index) => _inWork.ContainsKey(index);

    /// <summary>The device that has the sample now; null if none has.</summary>
    public string? DeviceOf(int index) => _inWork.GetValueOrDefault(index) is { Length: > 0 } device ? device : null;

    /// <summary>The name of a device: silo and device, without the generation that a restart of the silo changes.</summary>
    /// <param name="key">Its key, <c>silo@generation/device</c>.</param>
    public static string NameOfDevice(string key)
    {
        var (at, slash) = (key.IndexOf('@', StringComparison.Ordinal), key.IndexOf('/', StringComparison.Ordinal));
        return at >= 0 && slash > at ? key[..at] + key[slash..] : key;
    }

    /// <summary>The class of a sample.</summary>
    public string ClassOf(int index) => Spec.Classes[_classes[index]];

    /// <summary>The samples that a view shows, in its order.</summary>
    public ImmutableArray<int> Select(SampleView view, IReadOnlySet<int>? only = null)
    {
        // A key is the place in the order above the index, so that sorting compares numbers only.
        var keys = new List<long>();
        var wanted = view.Class is null ? -1 : Spec.Classes.IndexOf(view.Class);
        if (view.Class is not null && wanted < 0) return [];
        var (low, high) = (Millionths(view.MinScore), Millionths(view.MaxScore));
        foreach (var shard in _shards)
        {
            for (var i = 0; i < shard.States.Length; i++)
            {
                var (index, score) = (shard.First + i, shard.Scores[i]);
                if (view.State is { } state && shard.States[i] != (byte)state) continue;
                if (wanted >= 0 && _classes[index] != wanted) continue;
                if ((low is not null || high is not null) && score < 0) continue;
                if (score < low || score > high) continue;
                if (shard.Attempts[i] + 1 < view.MinAttempt) continue;
                if (view.Objects?.Contains(shard.Objects[i]) == false) continue;
                if (view.InWork && !_inWork.ContainsKey(index)) continue;
                if (view.Device is { } device && _inWork.GetValueOrDefault(index) != device) continue;
                if (only?.Contains(index) == false) continue;
                keys.Add((Place(view.Sort, score, shard.Attempts[i]) << 32) | (uint)index);
            }
        }

        if (view.Sort != SampleOrder.Index) keys.Sort();
        return [.. keys.Select(key => (int)(uint)key)];
    }

    // Samples without a score come last in both orders.
    private static long Place(SampleOrder order, int score, ushort attempt) => order switch
    {
        SampleOrder.HighestScore => score < 0 ? int.MaxValue : int.MaxValue - 1 - score,
        SampleOrder.LowestScore => score < 0 ? int.MaxValue : score,
        SampleOrder.MostAttempts => ushort.MaxValue - attempt,
        _ => 0,
    };

    private static int? Millionths(double? score) => score is { } value ? (int)Math.Round(value * 1e6) : null;

    private (ShardStates Shard, int Offset)? Find(int index)
    {
        if (_shards.IsEmpty || index < 0) return null;
        // Shards have one size, but for the last.
        var guess = Math.Min(_shards.Length - 1, index / Math.Max(1, _shards[0].States.Length));
        var shard = _shards[guess];
        if (index >= shard.First && index < shard.First + shard.States.Length) return (shard, index - shard.First);
        foreach (var other in _shards)
            if (index >= other.First && index < other.First + other.States.Length) return (other, index - other.First);
        return null;
    }

    private static ImmutableArray<byte> ClassesOf(RunSpec spec, int round)
    {
        var numbers = spec.Classes.Select((name, i) => (name, i)).ToDictionary(p => p.name, p => (byte)p.i, StringComparer.Ordinal);
        return [.. Enumerable.Range(0, spec.SamplesPerRound).Select(index => numbers[SamplePlanner.ClassOf(spec, round, index)])];
    }
}
