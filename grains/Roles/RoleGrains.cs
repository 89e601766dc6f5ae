using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Rounds;
using FreeMask.Grains.Runs;
using FreeMask.Grains.Training;

namespace FreeMask.Grains.Roles;

/// <summary>Which grains belong to which role.</summary>
internal static class RoleGrains
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
        if (!roles.HasFlag(SiloRoles.Trainer)) yield return typeof(TrainerGrain);
        yield return typeof(ArtifactRestorerGrain);
    }
}
