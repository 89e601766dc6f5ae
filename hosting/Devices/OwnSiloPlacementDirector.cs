using FreeMask.Grains.Devices;
using Orleans.Runtime.Placement;

namespace FreeMask.Hosting.Devices;

/// <summary>Places a grain on the silo that its key names.</summary>
internal sealed class OwnSiloPlacementDirector(IClusterMembershipService membership) : IPlacementDirector
{
    /// <inheritdoc/>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var owner = DeviceKeys.SiloOf(target.GrainIdentity.Key.ToString() ?? "");
        foreach (var address in context.GetCompatibleSilos(target))
            if (Members.Find(membership.CurrentSnapshot, address) is { } member && Members.KeyOf(member) == owner)
                return Task.FromResult(address);
        throw new SiloUnavailableException($"There is no silo '{owner}' in this cluster.");
    }
}

/// <summary>Members of the cluster by their keys (<see cref="DeviceKeys"/>).</summary>
internal static class Members
{
    /// <summary>A member by its key; null if it is not in the cluster.</summary>
    public static ClusterMember? Find(ClusterMembershipSnapshot snapshot, SiloAddress address) =>
        snapshot.Members.GetValueOrDefault(address);

    /// <summary>The key of a member.</summary>
    public static string KeyOf(ClusterMember member) => DeviceKeys.Silo(member.Name, member.SiloAddress.Generation);
}
