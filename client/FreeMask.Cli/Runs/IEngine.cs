using FreeMask.Cli.Bundles;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Runs;

/// <summary>
/// The grains of a data folder: in a silo embedded here, or in the process that works in the folder already; or the grains of a cluster.
/// Disposing it stops the embedded silo cleanly, or only lets go of the others.
/// </summary>
internal interface IEngine : IAsyncDisposable
{
    /// <summary>True where another process does the work, and goes on with it when this one leaves.</summary>
    bool IsRemote { get; }

    /// <summary>True where runs can be looked at and nothing else.</summary>
    bool IsReadOnly { get; }

    /// <summary>True where the process that did the work has ended, and with it every answer.</summary>
    bool IsOwnerGone { get; }

    IRunGrain Run(string id);

    IRunDirectoryGrain Directory { get; }

    IArtifactCollectorGrain Collector { get; }

    /// <summary>Reads an artifact by its sha256.</summary>
    Task<ReadOnlyMemory<byte>> ReadArtifactAsync(string hash, CancellationToken stop);
}

/// <summary>Where an engine is.</summary>
/// <param name="Data">The data folder: of an engine here, and for what verbs write.</param>
/// <param name="Cluster">The configuration file of a cluster; null for the data folder's own engine.</param>
/// <param name="Devices">The devices of a silo embedded here; none for those that configuration names.</param>
/// <param name="Log">Where log entries are written besides the log's file; null for nowhere.</param>
/// <param name="ReadOnly">True to look at runs only: a folder is read without being taken, and nothing is written.</param>
/// <param name="OnWaiting">Told what is waited for; null for nobody.</param>
internal sealed record EngineAddress(
    DataFolder Data, string? Cluster, IReadOnlyList<string> Devices, TextWriter? Log = null, bool ReadOnly = false, Action<string>? OnWaiting = null);

/// <summary>Opens an engine.</summary>
internal delegate Task<IEngine> EngineOpener(EngineAddress address, BundleCatalog bundles, CancellationToken stop);
