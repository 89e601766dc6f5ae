using System.Collections.Concurrent;

namespace FreeMask.Grains.Devices;

/// <summary>
/// Records that samples answered with when this silo's devices brought them their results. The next piece of work on a sample is mostly
/// ordered within moments, often here, and then the sample need not be asked again. A record is used once, and only where it says exactly what the shard
/// knows; a result that was made from one that is out of date is refused by the sample like any other.
/// </summary>
public sealed class SampleRecordCache(StageTable stages)
{
    // About 1 kB each. What is begun gets finished first, so that far fewer are on their way in a silo.
    private const int Capacity = 8192;

    private readonly ConcurrentDictionary<(string Run, int Round, int Index), SampleRecord> _records = [];
    private readonly ConcurrentQueue<(string Run, int Round, int Index)> _order = [];

    /// <summary>Keeps a record where more work is to follow.</summary>
    /// <param name="run">The run's id.</param>
    /// <param name="record">What the sample answered.</param>
    public void Add(string run, SampleRecord record)
    {
        if (stages.HasReached(record.State, SampleState.Scored)) return;
        var key = (run, record.Round, record.Index);
        _records[key] = record;
        _order.Enqueue(key);
        while (_order.Count > Capacity && _order.TryDequeue(out var oldest)) _records.TryRemove(oldest, out _);
    }

    /// <summary>Takes the record of a sample that is to be worked on; null where the sample has to be asked.</summary>
    public SampleRecord? Take(BatchRequest request, WorkItem item) =>
        _records.TryRemove((request.Run, request.Round, item.Index), out var record)
        && record.State == stages[request.Stage].Before && record.Attempt == item.Attempt && record.Faults == item.Faults
            ? record
            : null;
}
