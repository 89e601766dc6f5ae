namespace FreeMask.Grains;

/// <summary>Names of the grain storages. Configuration selects a provider for each.</summary>
internal static class StorageNames
{
    /// <summary>Runs, rounds, shards and trainers: few records.</summary>
    public const string Coordination = "coordination";

    /// <summary>Samples: one record each.</summary>
    public const string Samples = "samples";
}
