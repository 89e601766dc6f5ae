using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Rounds;
using FreeMask.Grains.Runs;
using FreeMask.Grains.Training;

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

/// <summary>Which grains belong to which role.</summary>
public static class RoleGrains
{
    /// <summary>Grain classes that a silo with these roles does not host.</summary>
    public static IEnumerable<Type> NotHostedBy(SiloRoles roles)
    {
        if (!roles.HasFlag(SiloRoles.Coordinator))
        {
            yield return typeof(RunDirectoryGrain);
            yield return typeof(RunGrain);
            yield return typeof(RoundGrain);
            yield return typeof(SampleShardGrain);
            yield return typeof(ArtifactCollectorGrain);
        }

        if (roles.HasFlag(SiloRoles.Worker)) yield break;
        yield return typeof(DeviceWorkerGrain);
        yield return typeof(TrainerGrain);
        yield return typeof(ArtifactRestorerGrain);
    }
}
