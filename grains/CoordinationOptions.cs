using System.ComponentModel.DataAnnotations;

namespace FreeMask.Grains;

/// <summary>How runs, rounds and shards keep time. Section <c>FreeMask:Coordination</c>.</summary>
public sealed class CoordinationOptions
{
    /// <summary>How often a grain looks after what it leads when nothing has notified it of a change. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.005", "00:01:00")]
    [FormerName("Pulse")]
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long work waits after a store or a device failed. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a device keeps a sample without saying that it still has it; it is asked four times as often. What it does not say is lost
    /// (a call that failed half way, a report that never came), and the sample is given to another. Default 20 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How often a silo asks the others for their devices. Default 1 s: the time after which a silo that joins gets work, and one that leaves gets none.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    [FormerName("DeviceCheck")]
    public TimeSpan DeviceRefreshInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a silo may be silent before its devices count as lost and their samples are given to others. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    [FormerName("SilentAfter")]
    public TimeSpan DeviceLostTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Shards of a round that are worked on at the same time. Default 2: one drains while the next fills.</summary>
    [Range(1, 1000)]
    public int ActiveShards { get; set; } = 2;

    /// <summary>Results after which a shard keeps its arrays. Default 500.</summary>
    [Range(1, 100_000)]
    public int SnapshotEvery { get; set; } = 500;
}
