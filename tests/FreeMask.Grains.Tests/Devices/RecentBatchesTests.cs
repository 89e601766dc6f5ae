using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using Xunit;

namespace FreeMask.Grains.Tests.Devices;

public sealed class RecentBatchesTests
{
    private readonly ManualTime _time = new();
    private readonly RecentBatches _batches;

    public RecentBatchesTests() => _batches = new RecentBatches(_time);

    [Fact]
    public void Batches_are_added_up_by_stage()
    {
        Assert.Empty(_batches.Read());
        _batches.Record(Stage.Mask, 8, 8);
        _batches.Record(Stage.Generate, 3, 4);
        _time.Advance(TimeSpan.FromSeconds(30));
        _batches.Record(Stage.Mask, 2, 8);

        Assert.Equal([new StageBatches(Stage.Generate, 1, 3, 4), new StageBatches(Stage.Mask, 2, 10, 16)], _batches.Read());
        Assert.Equal(0.625, _batches.Read()[1].Fill);
    }

    [Fact]
    public void Batches_count_for_the_length_of_the_window()
    {
        _batches.Record(Stage.Mask, 1, 8);
        _time.Advance(StageBatches.Window - TimeSpan.FromSeconds(1));
        _batches.Record(Stage.Mask, 7, 8);
        Assert.Equal([new StageBatches(Stage.Mask, 2, 8, 16)], _batches.Read());
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([new StageBatches(Stage.Mask, 1, 7, 8)], _batches.Read());
        _time.Advance(StageBatches.Window);
        Assert.Empty(_batches.Read());
        // After a time without any batch.
        _batches.Record(Stage.Score, 4, 4);
        Assert.Equal([new StageBatches(Stage.Score, 1, 4, 4)], _batches.Read());
    }

    [Fact]
    public void Old_batches_leave_while_others_arrive_without_a_pause()
    {
        var step = TimeSpan.FromSeconds(0.5);
        for (var i = 0; i < 10_000; i++)
        {
            _batches.Record(Stage.Score, 1, 2);
            _time.Advance(step);
        }

        // Two batches a second, less those of a slice of ten seconds that has left as a whole.
        var sum = Assert.Single(_batches.Read());
        Assert.InRange(sum.Batches, 580, 600);
        Assert.Equal(2 * sum.Samples, sum.Capacity);
    }
}
