using System.Collections.Immutable;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using Xunit;

namespace FreeMask.Grains.Tests.Devices;

public sealed class LeastLoadedDispatcherTests
{
    [Fact]
    public void Whole_batches_go_to_the_least_loaded_device()
    {
        var loads = new Dictionary<string, int> { ["a"] = 20, ["b"] = 0, ["c"] = 5 };
        var dealt = LeastLoadedDispatcher
            .Assign(Items(22), 8, loads)
            .ToDictionary(d => d.Device, d => d.Items.Select(i => i.Index).ToArray());
        // b takes 8, then c (5) takes 8, then b (8) takes the last 6.
        Assert.Equal([.. Enumerable.Range(0, 8), .. Enumerable.Range(16, 6)], dealt["b"]);
        Assert.Equal(Enumerable.Range(8, 8), dealt["c"]);
        Assert.False(dealt.ContainsKey("a"));
        Assert.Equal((20, 14, 13), (loads["a"], loads["b"], loads["c"]));
    }

    [Fact]
    public void Everything_is_assigned_once_and_no_device_ends_more_than_a_batch_above_another()
    {
        var loads = Enumerable.Range(0, 5).ToDictionary(i => $"d{i}", _ => 0);
        var dealt = LeastLoadedDispatcher.Assign(Items(1000), 16, loads);
        Assert.Equal(Enumerable.Range(0, 1000), dealt.SelectMany(d => d.Items).Select(i => i.Index).Order());
        Assert.InRange(loads.Values.Max() - loads.Values.Min(), 0, 16);
    }

    [Fact]
    public void The_silo_of_a_device_is_the_part_before_the_slash()
    {
        var silo = DeviceKeys.Silo("worker-1", 42);
        Assert.Equal("worker-1@42", silo);
        Assert.Equal(silo, DeviceKeys.SiloOf(DeviceKeys.Device(silo, "cuda:1")));
        Assert.Equal(silo, DeviceKeys.SiloOf(silo));
    }

    private static ImmutableArray<WorkItem> Items(int count) => [.. Enumerable.Range(0, count).Select(i => new WorkItem(i, 0))];
}
