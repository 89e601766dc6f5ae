using System.Collections.Immutable;
using FreeMask.Client.Runs;
using FreeMask.Dashboard.Engines;
using FreeMask.GrainInterfaces;
using Microsoft.Extensions.Caching.Memory;

namespace FreeMask.Dashboard.Services;

/// <summary>
/// The records of samples. A record that was read before is read again only after the compact states show another state, attempt or score.
/// </summary>
internal sealed class SampleRecords(IEngineSource source, SampleTables tables, TimeProvider time) : IDisposable
{
    /// <summary>The most records that a filter by reason reads.</summary>
    internal const int MostForReasons = 5000;

    // More than a filter by reason reads and than windows show: a record of a run with pasted objects takes several kilobytes.
    private const int Kept = 6000;

    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(20);

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Kept });

    public void Dispose() => _cache.Dispose();

    /// <summary>The records of samples, in the order of the indices; indices beyond the round are left out.</summary>
    internal async Task<IReadOnlyList<SampleRecord>> ReadAsync(
        string run,
        SampleStates states,
        IReadOnlyCollection<int> indices,
        CancellationToken stop
    )
    {
        var wanted = indices.Where(i => i >= 0 && i < states.Count).ToList();
        var found = new Dictionary<int, SampleRecord>();
        foreach (var index in wanted)
            if (_cache.TryGetValue<SampleRecord>((run, states.Round, index), out var known) && IsCurrent(known!, states))
                found[index] = known!;
        var missing = wanted.Where(i => !found.ContainsKey(i)).Distinct().ToList();
        if (missing.Count > 0)
        {
            var engine = source.Current ?? throw new FreeMaskException(source.Problem ?? "The runs are not open yet.");
            var read = await SampleReading.ReadAsync(engine, states.Spec, run, states.Round, missing).WaitAsync(AnswerTime, time, stop);
            foreach (var record in read)
            {
                found[record.Index] = record;
                _cache.Set((run, states.Round, record.Index), record, new MemoryCacheEntryOptions { Size = 1 });
            }
        }

        return [.. wanted.Select(i => found[i])];
    }

    /// <summary>The record of one sample; null if there is no such run, round or sample.</summary>
    internal async Task<SampleRecord?> FindAsync(string run, int round, int index, CancellationToken stop)
    {
        if (await tables.ReadAsync(new RoundKey(run, round), stop) is not { } states || index < 0 || index >= states.Count) return null;
        return (await ReadAsync(run, states, [index], stop))[0];
    }

    /// <summary>The samples that a view shows, in its order.</summary>
    internal async Task<ImmutableArray<int>> SelectAsync(string run, SampleStates states, SampleView view, CancellationToken stop)
    {
        if (view.Failure is not { } reason) return states.Select(view);
        // Reasons are in the records only. Samples without a failure have had one attempt, and no fault that ended in quarantine.
        var candidates = states.Select(view with { Failure = null, Sort = SampleOrder.Index })
            .Where(i => states.AttemptOf(i) > 0 || states.StateOf(i) == SampleState.Quarantined)
            .Take(MostForReasons)
            .ToList();
        var records = await ReadAsync(run, states, candidates, stop);
        var only = records.Where(r => r.Failure is not null && SampleReading.ReasonOf(r) == reason).Select(r => r.Index).ToHashSet();
        return states.Select(view with { Failure = null }, only);
    }

    private static bool IsCurrent(SampleRecord record, SampleStates states) =>
        record.State == states.StateOf(record.Index)
        && record.Attempt == states.AttemptOf(record.Index)
        // Faults change neither; a sample that a device has may have had one since.
        && !states.IsInWork(record.Index);
}
