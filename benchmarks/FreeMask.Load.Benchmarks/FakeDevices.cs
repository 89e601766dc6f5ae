using System.Collections.Concurrent;

namespace FreeMask.Load.Benchmarks;

/// <summary>Devices that do nothing but take time: a part that every batch costs, and a part for each of its items.</summary>
/// <param name="perBatch">Milliseconds that a batch costs.</param>
/// <param name="perItem">Milliseconds that an item costs.</param>
internal sealed class FakeDevices(double perBatch, double perItem)
{
    private readonly Lock _lock = new();
    private long _first, _last;

    /// <summary>Devices that take no time at all.</summary>
    public static FakeDevices Instant { get; } = new(0, 0);

    /// <summary>Batches done.</summary>
    public int Batches { get; private set; }

    /// <summary>Items done.</summary>
    public int Items { get; private set; }

    /// <summary>Seconds that batches took, summed over devices.</summary>
    public double Busy { get; private set; }

    /// <summary>Seconds from the first batch's start to the last batch's end.</summary>
    public double Seconds => TimeProvider.System.GetElapsedTime(_first, _last).TotalSeconds;

    /// <summary>Seconds that one device needs for items in full batches, with nothing between them.</summary>
    public double Least(int items, int batch) => items * ((perBatch / batch) + perItem) / 1000;

    /// <summary>Begins to count anew.</summary>
    public void Reset()
    {
        lock (_lock) (_first, _last, Batches, Items, Busy) = (0, 0, 0, 0, 0);
    }

    /// <summary>Switches a device on.</summary>
    /// <returns>What takes the time of a batch of so many items.</returns>
    public Func<int, Task> Open()
    {
        if (perBatch == 0 && perItem == 0) return _ => Task.CompletedTask;
        var line = new BlockingCollection<Batch>();
        // A thread of its own wakes to a tenth of a millisecond; a timer would add up to two to every batch, which would count as
        // coordination.
        new Thread(() => Serve(line)) { IsBackground = true, Name = "device" }.Start();
        return async items =>
        {
            var batch = new Batch(items, TimeProvider.System.GetTimestamp());
            line.Add(batch);
            await batch.Done.Task;
        };
    }

    /// <summary>
    /// Keeps the device's own clock, as the line of commands of a GPU does: a batch that waits begins the moment that the one before ends,
    /// however late this thread wakes up to say so.
    /// </summary>
    private void Serve(BlockingCollection<Batch> line)
    {
        var frequency = TimeProvider.System.TimestampFrequency;
        using var never = new ManualResetEvent(false);
        var free = 0L;
        foreach (var batch in line.GetConsumingEnumerable())
        {
            var began = Math.Max(batch.Arrived, free);
            free = began + (long)((perBatch + (perItem * batch.Items)) / 1000 * frequency);
            var left = (free - TimeProvider.System.GetTimestamp()) * 1000.0 / frequency;
            if (left > 0) never.WaitOne((int)Math.Ceiling(left));
            batch.Done.SetResult();
            lock (_lock)
            {
                if (_first == 0 || began < _first) _first = began;
                _last = Math.Max(_last, free);
                Batches++;
                Items += batch.Items;
                Busy += TimeProvider.System.GetElapsedTime(began, free).TotalSeconds;
            }
        }
    }

    private sealed record Batch(int Items, long Arrived)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
