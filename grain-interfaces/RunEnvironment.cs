namespace FreeMask.GrainInterfaces;

/// <summary>
/// What a data set depends on besides its run file: floating point differs between processors, libraries and kinds of device, and bundles of one name
/// may differ. A run keeps to the environment that it began in, so that its data set is not a mixture.
/// </summary>
/// <param name="Arithmetic">Processor, instruction sets and versions of the numeric libraries, as one line of text.</param>
/// <param name="DeviceKind">The kind of the devices, such as <c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Bundle">The sha256 of the model bundle; null where the silo has none to compare.</param>
[GenerateSerializer, Immutable, Alias("freemask.RunEnvironment")]
public sealed record RunEnvironment([property: Id(0)] string Arithmetic, [property: Id(1)] string DeviceKind, [property: Id(2)] string? Bundle);

/// <summary>What a silo computes with.</summary>
/// <param name="Arithmetic">As in <see cref="RunEnvironment"/>.</param>
/// <param name="Bundle">The sha256 of the bundle that was asked about; null where there is none, or none to compare.</param>
/// <param name="Problem">Why the silo cannot work with the bundle; null where it can.</param>
[GenerateSerializer, Immutable, Alias("freemask.SiloEnvironment")]
public sealed record SiloEnvironment([property: Id(0)] string Arithmetic, [property: Id(1)] string? Bundle, [property: Id(2)] string? Problem);
