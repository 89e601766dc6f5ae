using System.Collections.Concurrent;

namespace FreeMask.Grains.Devices;

/// <summary>
/// Caches the records that samples returned for results of this silo's devices. The next stage of a sample is usually ordered shortly
/// afterwards, often on the same silo, and then needs no call to the sample. An entry is used once, and only if it has the state and
/// attempt of the order. A result that was computed from an outdated record is refused by the sample as stale.
/// </summary>
internal sealed class SampleRecordCache(StageTable stages)
{
    // About 1 kB each. Shards prefer samples in progress, so that far fewer are in progress on a silo.
    private const int Capacity = 8192;

    private readonly ConcurrentDictionary<(string Run, int Round, int Index), SampleRecord> _records = [];
    private readonly ConcurrentQueue<(string Run, int Round, int Index)> _order = [];

    /// <summary>Caches a record if the sample needs another stage.</summary>
    /// <param name="run">The run's id.</param>
    /// <param name="record">The record that the sample returned.</param>
    public void Add(string run, SampleRecord record)
    {
        if (stages.HasReached(record.State, SampleState.Scored)) return;
        var key = (run, record.Round, record.Index);
        _records[key] = record;
        _order.Enqueue(key);
        while (_order.Count > Capacity && _order.TryDequeue(out var oldest)) _records.TryRemove(oldest, out _);
    }

    /// <summary>Removes and returns the record of a sample; null if the sample has to be asked.</summary>
    public SampleRecord? Take(BatchRequest request, WorkItem item) =>
        _records.TryRemove((request.Run, request.Round, item.Index), out var record)
        && record.State == stages[request.Stage].Before && record.Attempt == item.Attempt && record.Faults == item.Faults
            ? record
            : null;
}
