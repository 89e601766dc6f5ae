namespace FreeMask.Grains;

/// <summary>Names of the grain storages; configuration says what stands behind each.</summary>
public static class StorageNames
{
    /// <summary>Runs, rounds, shards, trainers: few records.</summary>
    public const string Coordination = "coordination";

    /// <summary>Samples: one record each.</summary>
    public const string Samples = "samples";
}
