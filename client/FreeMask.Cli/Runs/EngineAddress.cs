using FreeMask.Cli.Bundles;
using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Runs;

/// <summary>The address of an engine.</summary>
/// <param name="Data">The data folder of a local engine, which also takes the output of verbs.</param>
/// <param name="Cluster">The configuration file of a cluster; null for the data folder's engine.</param>
/// <param name="Devices">The devices of an embedded silo; empty for the configured ones.</param>
/// <param name="Log">Receives log entries in addition to the log file; null for none.</param>
/// <param name="ReadOnly">True for reading: the folder is not locked, and nothing is written.</param>
/// <param name="OnWaiting">Called with a message while opening waits; null for none.</param>
internal sealed record EngineAddress(
    DataFolder Data,
    string? Cluster,
    IReadOnlyList<string> Devices,
    TextWriter? Log = null,
    bool ReadOnly = false,
    Action<string>? OnWaiting = null
)
{
    /// <summary>The device on which an embedded silo trains; null for the configured one.</summary>
    internal string? TrainingDevice { get; init; }
}

/// <summary>Opens an engine.</summary>
internal delegate Task<IEngine> EngineOpener(EngineAddress address, BundleCatalog bundles, CancellationToken stop);
