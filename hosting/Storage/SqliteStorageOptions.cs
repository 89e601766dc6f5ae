using System.ComponentModel.DataAnnotations;

namespace FreeMask.Hosting.Storage;

/// <summary>Options of a SQLite grain storage. Bound from <c>Orleans:GrainStorage:{name}</c>.</summary>
internal sealed class SqliteStorageOptions
{
    /// <summary>The database file; created if it is absent. Storages may share one.</summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>
    /// True to sync the disk at every commit: nothing is lost in a power failure. False (the default): nothing is lost when the process
    /// dies; a power failure may lose the last writes, whose work is then repeated.
    /// </summary>
    public bool WaitForDisk { get; set; }

    /// <summary>
    /// True to read only: nothing is written, neither to the file nor beside it, and another process may write meanwhile. Default false.
    /// </summary>
    public bool ReadOnly { get; set; }

    /// <summary>Maximum number of writes in one transaction. Default 2000.</summary>
    [Range(1, 100_000)]
    public int CommitBatch { get; set; } = 2000;
}
