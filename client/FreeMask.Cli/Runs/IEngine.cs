using FreeMask.Cli.Bundles;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Runs;

/// <summary>
/// The grains of a data folder: in a silo embedded here, or in the process that works in the folder already. Disposing it stops the embedded
/// silo cleanly, or only lets go of the other one.
/// </summary>
internal interface IEngine : IAsyncDisposable
{
    /// <summary>True where another process does the work, and goes on with it when this one leaves.</summary>
    bool IsRemote { get; }

    IRunGrain Run(string id);

    IRunDirectoryGrain Directory { get; }

    /// <summary>Reads an artifact by its sha256.</summary>
    Task<ReadOnlyMemory<byte>> ReadArtifactAsync(string hash, CancellationToken stop);
}

/// <summary>Opens the engine of a data folder.</summary>
internal delegate Task<IEngine> EngineOpener(DataFolder data, BundleCatalog bundles, CancellationToken stop);
