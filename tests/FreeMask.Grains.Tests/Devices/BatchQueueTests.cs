using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Tests.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Devices;

public sealed class BatchQueueTests
{
    [Fact]
    public void Batches_hold_one_kind_and_a_full_one_goes_first()
    {
        var queue = new BatchQueue(StageTable.Default, 100);
        queue.Add(Order("a", Stage.Mask, 0, 3));
        queue.Add(Order("b", Stage.Generate, 10, 9));
        Assert.Equal(Enumerable.Range(10, 8), Take(queue));
        Assert.Equal([0, 1, 2], Take(queue));
        Assert.Equal([18], Take(queue));
        Assert.Empty(queue.TakeBatch());
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void Orders_of_several_shards_share_a_batch()
    {
        var queue = new BatchQueue(StageTable.Default, 100);
        queue.Add(Order("a", Stage.Mask, 0, 3));
        queue.Add(Order("b", Stage.Mask, 5, 2));
        Assert.Equal([0, 1, 2, 5, 6], Take(queue));
    }

    [Fact]
    public void A_full_queue_takes_the_front_of_an_order()
    {
        var queue = new BatchQueue(StageTable.Default, 4);
        Assert.Equal(3, queue.Add(Order("a", Stage.Mask, 0, 3)));
        Assert.Equal(1, queue.Add(Order("a", Stage.Mask, 3, 3)));
        Assert.Equal(0, queue.Add(Order("a", Stage.Mask, 6, 3)));
        Assert.Equal([0, 1, 2, 3], Take(queue));
    }

    [Fact]
    public void A_shard_gets_back_what_waits()
    {
        var queue = new BatchQueue(StageTable.Default, 100);
        queue.Add(Order("a", Stage.Mask, 0, 3));
        queue.Add(Order("b", Stage.Mask, 5, 2));
        Assert.Equal([0, 1, 2], queue.CancelQueued("a"));
        Assert.Equal(2, queue.Count);
        Assert.Equal([5, 6], Take(queue));
    }

    private static IEnumerable<int> Take(BatchQueue queue) => queue.TakeBatch().Select(w => w.Item.Index);

    private static BatchRequest Order(string shard, Stage kind, int first, int count) =>
        new(shard, "run", Specs.Small, 0, kind, null, null, [.. Enumerable.Range(first, count).Select(i => new WorkItem(i, 0))]);
}
