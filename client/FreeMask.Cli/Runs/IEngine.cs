using FreeMask.Cli.Bundles;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Runs;

/// <summary>
/// Access to the grains of a data folder (in a silo embedded here, or in the process that already uses the folder) or of a cluster.
/// Disposing it stops the embedded silo cleanly, or closes the connection.
/// </summary>
internal interface IEngine : IAsyncDisposable
{
    /// <summary>True if another process does the work, which continues when this one ends.</summary>
    bool IsRemote { get; }

    /// <summary>True if runs can only be read.</summary>
    bool IsReadOnly { get; }

    /// <summary>True if the process that did the work has ended, so that no call will be answered.</summary>
    bool IsOwnerGone { get; }

    IRunGrain Run(string id);

    IRunDirectoryGrain Directory { get; }

    IArtifactCollectorGrain Collector { get; }

    /// <summary>Reads an artifact by its sha256.</summary>
    Task<ReadOnlyMemory<byte>> ReadArtifactAsync(string hash, CancellationToken stop);
}

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
);

/// <summary>Opens an engine.</summary>
internal delegate Task<IEngine> EngineOpener(EngineAddress address, BundleCatalog bundles, CancellationToken stop);
