using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Domain;

namespace FreeMask.Client.Runs;

/// <summary>Reads the records of some samples of a round, in any order, without a query.</summary>
internal static class SampleReading
{
    /// <summary>The records of the samples in the order of their indices; of a sample without a record, its plan.</summary>
    internal static Task<List<SampleRecord>> ReadAsync(IEngine engine, RunSpec spec, string run, int round, IEnumerable<int> indices) =>
        Fanout.CallAsync(
            indices,
            async index => await engine.Grains.GetSample(run, round, index).Get() ?? SamplePlanner.Fresh(spec, round, index)
        );

    /// <summary>The reason of a failure as the groups of a round's status have it.</summary>
    internal static string ReasonOf(SampleRecord sample) => FailureReasons.Shorten(sample.Failure ?? "unknown");
}
