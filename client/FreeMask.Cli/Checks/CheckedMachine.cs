using FreeMask.Cli.Bundles;

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
    /// <summary>The folder of a bundle; null where it is not on this machine.</summary>
    internal string? FolderOf(string model) => Bundles.Folder(model, AppContext.BaseDirectory);
}
