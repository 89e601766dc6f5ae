using FreeMask.GrainInterfaces;

namespace FreeMask.Client.Runs;

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

    /// <summary>All grains.</summary>
    IGrainFactory Grains { get; }

    IRunGrain Run(string id);

    IRunDirectoryGrain Directory { get; }

    IArtifactCollectorGrain Collector { get; }

    /// <summary>Reads an artifact by its sha256.</summary>
    Task<ReadOnlyMemory<byte>> ReadArtifactAsync(string hash, CancellationToken stop);
}
