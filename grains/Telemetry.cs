using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace FreeMask.Grains;

/// <summary>Reasons of repeated work. The values of a metric tag: a closed list, so that the number of series stays bounded.</summary>
internal enum RetryReason
{
    /// <summary>The mask was rejected.</summary>
    Rejected,

    /// <summary>The sample faulted.</summary>
    Fault,

    /// <summary>A store failed, or the device stopped.</summary>
    GivenUp,

    /// <summary>The lease ran out.</summary>
    LeaseExpired,

    /// <summary>The device is lost.</summary>
    DeviceLost,
}

/// <summary>Metrics and traces of coordination, under the meter and activity source <see cref="Name"/>.</summary>
internal static class Telemetry
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "FreeMask";

    /// <summary>The tag of a device: its name on its silo, such as <c>cuda:1</c>.</summary>
    public const string Device = "device";

    /// <summary>The tag of a kind of device, such as <c>cuda</c>; <see cref="AnyKind"/> for work that every kind may do.</summary>
    public const string Kind = "kind";

    /// <summary>The value of <see cref="Kind"/> for work that every kind of device may do.</summary>
    public const string AnyKind = "any";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Items = Meter.CreateCounter<long>(
        "freemask.stage.items",
        "{sample}",
        "Samples that a stage has worked on, by result"
    );
    private static readonly Histogram<double> Fill = Meter.CreateHistogram<double>(
        "freemask.batch.fill",
        "1",
        "Samples of a batch over its size"
    );
    private static readonly Histogram<double> Seconds = Meter.CreateHistogram<double>(
        "freemask.batch.duration",
        "s",
        "Time that a device took for a batch"
    );
    private static readonly Counter<double> Busy = Meter.CreateCounter<double>(
        "freemask.device.busy",
        "s",
        "Time that a device was at work; its rate is its utilisation"
    );
    private static readonly Counter<long> Retries = Meter.CreateCounter<long>(
        "freemask.retries",
        "{sample}",
        "Samples that were given out again, by reason"
    );

    private static readonly UpDownCounter<long> Runs = Meter.CreateUpDownCounter<long>("freemask.runs.active", "{run}", "Runs under way");
    private static readonly UpDownCounter<long> Pending =
        Meter.CreateUpDownCounter<long>(
            "freemask.samples.pending", "{sample}", "Samples of active shards that have not reached their target, by kind of device");

    /// <summary>A run's share of the number of runs under way.</summary>
    internal static MetricShare ActiveRun() => new(Runs);

    /// <summary>A shard's share of the number of samples that devices still have to process.</summary>
    internal static MetricShare PendingSamples() => new(Pending);

    /// <summary>The tag of a device's kind.</summary>
    /// <param name="device">The device's name on its silo, such as <c>cuda:1</c>.</param>
    public static KeyValuePair<string, object?> KindOf(string device) => Tag(Kind, device.Split(':')[0]);

    /// <summary>The kind of device that may work on a run.</summary>
    internal static KeyValuePair<string, object?> KindOf(RunSpec spec, RunEnvironment? environment) =>
        Tag(Kind, spec.Execution.MixedArithmetic || environment is null ? AnyKind : environment.DeviceKind);

    /// <summary>Starts the activity of a batch; null without listener.</summary>
    internal static Activity? StartBatch(Stage stage, int count, string device) =>
        Source.StartActivity($"batch {stage}")?.SetTag("stage", stage.ToString()).SetTag("samples", count).SetTag(Device, DeviceOf(device));

    /// <summary>Counts a batch.</summary>
    internal static void CountBatch(Stage stage, int count, int size, double seconds, string device)
    {
        var (work, name) = (Tag("stage", stage.ToString()), Tag(Device, DeviceOf(device)));
        Fill.Record((double)count / size, work);
        Seconds.Record(seconds, work, name, KindOf(DeviceOf(device)));
        Busy.Add(seconds, name, KindOf(DeviceOf(device)));
    }

    /// <summary>Counts samples that a stage has processed.</summary>
    internal static void CountItem(Stage stage, StageResult result)
    {
        Items.Add(1, Tag("stage", stage.ToString()), Tag("result", result.ToString()));
        if (result == StageResult.Done) return;
        CountRetries(result == StageResult.Rejected ? RetryReason.Rejected : RetryReason.Fault, 1);
    }

    /// <summary>Counts samples that are assigned again.</summary>
    internal static void CountRetries(RetryReason reason, int count)
    {
        if (count > 0) Retries.Add(count, Tag("reason", reason.ToString()));
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static string DeviceOf(string key) => key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
