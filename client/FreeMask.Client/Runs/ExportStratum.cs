using FreeMask.GrainInterfaces;

namespace FreeMask.Client.Runs;

/// <summary>The part of the kept samples that an export holds.</summary>
/// <param name="Description">For the data card, such as "samples with 1 object".</param>
/// <param name="Contains">Whether a sample is part of it.</param>
internal sealed record ExportStratum(string Description, Func<SampleRecord, bool> Contains);
