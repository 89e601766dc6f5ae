using Orleans.Placement;

namespace FreeMask.Grains.Devices;

/// <summary>
/// Places a grain on the silo that its key names (<see cref="DeviceKeys"/>). The placement follows from the key alone: it needs no grain
/// directory, and the death of another silo never moves the grain.
/// </summary>
[GenerateSerializer, Immutable, Alias("freemask.OwnSiloPlacement")]
internal sealed class OwnSiloPlacement : PlacementStrategy
{
    /// <inheritdoc/>
    public override bool IsUsingGrainDirectory => false;
}

/// <summary>Marks a grain whose key names its silo.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PlaceOnOwnSiloAttribute() : PlacementAttribute(new OwnSiloPlacement());
