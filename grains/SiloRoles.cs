namespace FreeMask.Grains;

/// <summary>What a silo does for its cluster. Samples live on every silo.</summary>
[Flags]
public enum SiloRoles
{
    /// <summary>Nothing but samples.</summary>
    None = 0,

    /// <summary>Leads runs, rounds and shards.</summary>
    Coordinator = 1,

    /// <summary>Works on samples with its devices, and trains.</summary>
    Worker = 2,

    /// <summary>Both: a silo that stands alone.</summary>
    All = Coordinator | Worker,
}
