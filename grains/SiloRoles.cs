namespace FreeMask.Grains;

/// <summary>Roles of a silo in its cluster. Samples live on silos of any role.</summary>
[Flags]
internal enum SiloRoles
{
    /// <summary>Samples only.</summary>
    None = 0,

    /// <summary>Hosts runs, rounds, shards and the artifact collector.</summary>
    Coordinator = 1,

    /// <summary>Has devices, and trains.</summary>
    Worker = 2,

    /// <summary>Runs the training programs that run files name (<c>trainer.command</c>), and hosts trainers.</summary>
    Trainer = 4,

    /// <summary>Coordinator and worker.</summary>
    All = Coordinator | Worker,
}
