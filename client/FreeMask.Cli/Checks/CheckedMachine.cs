using FreeMask.Cli.Bundles;
using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Checks;

/// <summary>What a run is to be made on.</summary>
/// <param name="Bundles">The bundles of this machine.</param>
/// <param name="FreeBytes">Free space for artifacts; null on a cluster.</param>
/// <param name="Devices">The devices that arguments name; empty for the configured ones.</param>
/// <param name="Environment">Environment variables.</param>
/// <param name="IsCluster">Whether silos of a cluster do the work, with files and programs of their own.</param>
/// <param name="MemoryOf">The bytes of memory of a device (<c>cpu</c>, <c>cuda:0</c>); null where it cannot be told.</param>
internal sealed record CheckedMachine(
    BundleCatalog Bundles,
    long? FreeBytes,
    IReadOnlyList<string> Devices,
    Func<string, string?> Environment,
    bool IsCluster,
    Func<string, long?> MemoryOf
)
{
    /// <summary>The device for training that arguments name; null for the configured one.</summary>
    internal string? TrainingDevice { get; init; }

    private const string Processor = "cpu";

    /// <summary>The machine of a command: this one, or the silos of a cluster.</summary>
    internal static CheckedMachine Of(
        CommandContext context,
        BundleCatalog bundles,
        Func<string, string?> environment,
        Func<string, long?> memoryOf
    )
    {
        var isLocal = context.Cluster is null;
        return new(bundles, isLocal ? context.Data.FreeBytes : null, context.Devices, environment, IsCluster: !isLocal, memoryOf)
        {
            TrainingDevice = context.TrainingDevice,
        };
    }

    /// <summary>The devices of this machine that compute: those that arguments name, else the processor; none on a cluster.</summary>
    internal IReadOnlyList<string> ComputingDevices => IsCluster ? [] : Devices.Count == 0 ? [Processor] : Devices;

    /// <summary>The memory of this machine in bytes; null on a cluster, or where it cannot be told.</summary>
    internal long? HostMemory => IsCluster ? null : MemoryOf(Processor);

    /// <summary>The folder of a bundle; null where it is not on this machine.</summary>
    internal string? FolderOf(string model) => Bundles.Folder(model, AppContext.BaseDirectory);
}
