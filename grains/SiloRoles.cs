namespace FreeMask.Grains;

/// <summary>Roles of a silo in its cluster. Samples live on silos of any role.</summary>
[Flags]
public enum SiloRoles
{
    /// <summary>Samples only.</summary>
    None = 0,

    /// <summary>Hosts runs, rounds, shards and the artifact collector.</summary>
    Coordinator = 1,

    /// <summary>Has devices, and trains.</summary>
    Worker = 2,

    /// <summary>Both roles: a silo without a cluster.</summary>
    All = Coordinator | Worker,
}
