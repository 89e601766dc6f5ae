using System.ComponentModel.DataAnnotations;

namespace FreeMask.Grains;

/// <summary>Timing of runs, rounds and shards. Section <c>FreeMask:Coordination</c>.</summary>
internal sealed class CoordinationOptions
{
    /// <summary>Interval at which a run, round or shard reconciles when it receives no notification. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.005", "00:01:00")]
    [FormerName("Pulse")]
    public TimeSpan ReconcileInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Delay before a retry after a store or a device failed. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a lease lasts. Devices are asked four times per lease which samples they hold, which renews the leases. A sample that a
    /// device does not report (after a failed call or a lost report) is assigned again when its lease ends. Default 20 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Interval at which a silo asks the others for their devices: the delay until a silo that joins gets work, and one that leaves gets
    /// none. Default 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    [FormerName("DeviceCheck")]
    public TimeSpan DeviceRefreshInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a silo may fail to answer before its devices count as lost and their samples are assigned again. Default 15 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    [FormerName("SilentAfter")]
    public TimeSpan DeviceLostTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Shards of a round that are active at the same time. Default 2: one fills the devices while the other finishes.</summary>
    [Range(1, 1000)]
    public int ActiveShards { get; set; } = 2;

    /// <summary>Results after which a shard writes its record. Default 500.</summary>
    [Range(1, 100_000)]
    [FormerName("SnapshotEvery")]
    public int ResultsPerSnapshot { get; set; } = 500;

    /// <summary>
    /// Whether an unfinished run continues whenever a call activates it, such as a query after its silo left: nothing else may notify it
    /// until that silo counts as dead. Set from <c>FreeMask:ResumeRuns</c>.
    /// </summary>
    internal bool ResumeRuns { get; set; }
}
