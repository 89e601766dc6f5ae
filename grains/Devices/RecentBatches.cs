using System.Collections.Immutable;

namespace FreeMask.Grains.Devices;

/// <summary>
/// Batches that a device executed within <see cref="StageBatches.Window"/>, by stage. Their number is not bounded, so they are added up in
/// slices of ten seconds, and a slice leaves as a whole. Thread-safe: the device's worker records, and others read.
/// </summary>
internal sealed class RecentBatches(TimeProvider time)
{
    private static readonly TimeSpan SliceLength = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Queue<Slice> _slices = [];
    private Slice? _last;

    /// <summary>Records an executed batch.</summary>
    /// <param name="stage">Its stage.</param>
    /// <param name="samples">Samples in it, at least 1.</param>
    /// <param name="capacity">Samples that it had room for, at least <paramref name="samples"/>.</param>
    public void Record(Stage stage, int samples, int capacity)
    {
        lock (_gate)
        {
            RemoveOld();
            if (_last is null || time.GetElapsedTime(_last.Began) >= SliceLength) _slices.Enqueue(_last = new Slice(time.GetTimestamp()));
            var sum = _last.Sums.GetValueOrDefault(stage) ?? new StageBatches(stage, 0, 0, 0);
            _last.Sums[stage] = Add(sum, new StageBatches(stage, 1, samples, capacity));
        }
    }

    /// <summary>The sums of each stage that had a batch, in the order of the stages' numbers.</summary>
    public ImmutableArray<StageBatches> Read()
    {
        lock (_gate)
        {
            RemoveOld();
            return
            [
                .. _slices.SelectMany(slice => slice.Sums.Values)
                    .GroupBy(sum => sum.Stage)
                    .OrderBy(stage => stage.Key)
                    .Select(stage => stage.Aggregate(Add)),
            ];
        }
    }

    private static StageBatches Add(StageBatches a, StageBatches b) =>
        a with { Batches = a.Batches + b.Batches, Samples = a.Samples + b.Samples, Capacity = a.Capacity + b.Capacity };

    private void RemoveOld()
    {
        while (_slices.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Began) > StageBatches.Window) _slices.Dequeue();
        if (_slices.Count == 0) _last = null;
    }

    private sealed record Slice(long Began)
    {
        public Dictionary<Stage, StageBatches> Sums { get; } = [];
    }
}
