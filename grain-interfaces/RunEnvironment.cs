namespace FreeMask.GrainInterfaces;

/// <summary>
/// What a data set depends on besides its run file: floating-point results differ between processors, libraries and kinds of device, and
/// bundles of the same name may differ. A run is bound to the environment that it started in, so that its data set is not a mixture.
/// </summary>
/// <param name="Arithmetic">Processor, instruction sets and versions of the numeric libraries, as one line of text.</param>
/// <param name="DeviceKind">The kind of the devices, such as <c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Bundle">The sha256 of the model bundle; null if the silo cannot compare bundles.</param>
[GenerateSerializer, Immutable, Alias("freemask.RunEnvironment")]
public sealed record RunEnvironment(
    [property: Id(0)] string Arithmetic,
    [property: Id(1)] string DeviceKind,
    [property: Id(2)] string? Bundle
);

/// <summary>The environment of a silo.</summary>
/// <param name="Arithmetic">As in <see cref="RunEnvironment"/>.</param>
/// <param name="Bundle">The sha256 of the requested bundle; null if there is none, or if the silo cannot compare bundles.</param>
/// <param name="Problem">Why the silo cannot use the bundle; null if it can.</param>
[GenerateSerializer, Immutable, Alias("freemask.SiloEnvironment")]
public sealed record SiloEnvironment(
    [property: Id(0)] string Arithmetic,
    [property: Id(1)] string? Bundle,
    [property: Id(2)] string? Problem
);
