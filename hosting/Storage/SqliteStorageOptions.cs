using System.ComponentModel.DataAnnotations;

namespace FreeMask.Hosting.Storage;

/// <summary>Where and how a SQLite grain storage keeps its records. Bound from <c>Orleans:GrainStorage:{name}</c>.</summary>
public sealed class SqliteStorageOptions
{
    /// <summary>The database file; made where it is absent. Storages may share one.</summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>
    /// True to wait for the disk at every commit, which survives a power cut with nothing lost. False (the default) survives the death of
    /// the process with nothing lost; a power cut may lose the last moments, which are then done again.
    /// </summary>
    public bool WaitForDisk { get; set; }

    /// <summary>True to read only: nothing is written, neither to the file nor beside it, and another process may write meanwhile. Default false.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>Most writes in one transaction. Default 2000.</summary>
    [Range(1, 100_000)]
    public int CommitBatch { get; set; } = 2000;
}
