using System.ComponentModel.DataAnnotations;

namespace FreeMask.Grains.Devices;

/// <summary>Queue, concurrency and timeouts of a device. Section <c>FreeMask:DeviceWorker</c>.</summary>
internal sealed class DeviceWorkerOptions
{
    /// <summary>Maximum number of queued samples. Default 1024.</summary>
    [Range(1, 1_000_000)]
    public int QueueCapacity { get; set; } = 1024;

    /// <summary>Maximum number of batches that the device executes concurrently. Default 1.</summary>
    [Range(1, 64)]
    public int Parallelism { get; set; } = 1;

    /// <summary>Batches whose inputs are read or whose results are stored while the device executes others. Default 2.</summary>
    [Range(0, 64)]
    public int Overlap { get; set; } = 2;

    /// <summary>
    /// Minimum timeout of a batch, after which its device counts as hanging. The timeout is three times the longest duration so far of
    /// batches with the same key, if that is longer. Default 20 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    [FormerName("HangsAfter")]
    public TimeSpan BatchTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Timeout of the first batch of a key, which includes loading models. Default 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    [FormerName("FirstHangsAfter")]
    public TimeSpan FirstBatchTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long running batches may take to finish when the silo shuts down. If it exceeds the longest batch, no work is repeated. Default
    /// 0: batches are cancelled at once. Silos of a cluster set it to 60 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:30:00")]
    [FormerName("FinishWithin")]
    public TimeSpan DrainTimeout { get; set; }

    /// <summary>How long a device may take to cancel a batch. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    [FormerName("StopWithin")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
