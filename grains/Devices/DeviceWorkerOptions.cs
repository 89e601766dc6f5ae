using System.ComponentModel.DataAnnotations;

namespace FreeMask.Grains.Devices;

/// <summary>How a device takes and does work. Section <c>FreeMask:DeviceWorker</c>.</summary>
public sealed class DeviceWorkerOptions
{
    /// <summary>Most samples that may wait for the device. Default 1024.</summary>
    [Range(1, 1_000_000)]
    public int QueueCapacity { get; set; } = 1024;

    /// <summary>Batches that the device computes at the same time. Default 1.</summary>
    [Range(1, 64)]
    public int Parallelism { get; set; } = 1;

    /// <summary>Batches that are prepared or kept while the device computes others. Default 2.</summary>
    [Range(0, 64)]
    public int Overlap { get; set; } = 2;

    /// <summary>
    /// How long a batch may at least take before its device is held to hang. Batches that take long by nature may take longer: three times the
    /// longest of their like so far. Default 20 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    [FormerName("HangsAfter")]
    public TimeSpan BatchTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the first batches of their like may take, when nothing is known of them and models are loaded. Default 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    [FormerName("FirstHangsAfter")]
    public TimeSpan FirstBatchTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long batches under way may take to finish when the silo leaves; longer than the longest batch, and nothing is done twice. Default 0:
    /// they are left at once. Silos of a cluster set it to 60 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:30:00")]
    [FormerName("FinishWithin")]
    public TimeSpan DrainTimeout { get; set; }

    /// <summary>How long a device may take to leave a batch that is not finished. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    [FormerName("StopWithin")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
