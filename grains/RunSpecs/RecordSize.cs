using System.Globalization;
using FreeMask.Grains.Domain;

namespace FreeMask.Grains.RunSpecs;

/// <summary>
/// How large the records of a run can become, as far as the specification decides. The record of the run lists two hashes for each shard of
/// each round and the results of each label; the record of a round lists the hashes of the rounds before it. The record of a shard has at
/// most 100 kB.
/// </summary>
internal static class RecordSize
{
    // Upper bounds of compressed sizes: hashes and scores do not compress, names that are repeated do (AzureGrainStorageTests).
    private const int PerHash = 36,
        PerLabel = 25,
        PerRound = 400 + (FailureReasons.MaxOfRound * (FailureReasons.MaxLength + 10)),
        Fixed = 16 * 1024;

    private const string Remedy = "or keep the state in blobs (Orleans:GrainStorage:coordination:ProviderType=AzureBlobStorage)";

    /// <summary>The largest record that a run can have, in bytes.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="specBytes">Its size.</param>
    public static long Largest(RunSpec spec, int specBytes) => WithoutLists(spec, specBytes) + (Lists(spec) * Shards(spec) * PerHash);

    /// <summary>What keeps every record of a run within a limit; null where they are.</summary>
    /// <param name="spec">A valid specification.</param>
    /// <param name="specBytes">Its size.</param>
    /// <param name="limit">The largest record that the store accepts, in bytes.</param>
    public static SpecProblem? Check(RunSpec spec, int specBytes, int limit)
    {
        if (Largest(spec, specBytes) <= limit)
            return null;
        var room = limit - WithoutLists(spec, specBytes);
        // Shards for whose lists there is room in each round.
        var shards = room / (Lists(spec) * PerHash);
        var largest = (long)RunKeys.Of("execution.shardSize").Range!.Maximum;
        var store = string.Create(CultureInfo.InvariantCulture, $"a record of the cluster's tables holds at most {limit / 1024} kB");
        if (shards > 0 && spec.SamplesPerRound <= shards * largest)
        {
            return new(
                "execution.shardSize",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"shards of {spec.Execution.ShardSize} samples are too many for one record that lists them; {store}. "
                        + $"Use at least {Quotient(spec.SamplesPerRound, shards)}, {Remedy}"
                )
            );
        }

        if (spec.Source.IsFolder && specBytes > limit / 2)
        {
            return new(
                "source.path",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the names of {spec.Source.Images.Length} images do not fit into one record; {store}. "
                        + $"Name fewer in source.list, {Remedy}"
                )
            );
        }

        if (shards > 0)
        {
            return new(
                "samplesPerRound",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{spec.SamplesPerRound} samples have too many shards for one record that lists them; {store}. "
                        + $"Use at most {shards * largest}, {Remedy}"
                )
            );
        }

        return new(
            "rounds",
            string.Create(
                CultureInfo.InvariantCulture,
                $"the results of {spec.Rounds} rounds with {spec.Classes.Length} classes do not fit into one record; {store}. "
                    + $"Use fewer, {Remedy}"
            )
        );
    }

    private static long WithoutLists(RunSpec spec, int specBytes) =>
        Fixed + specBytes + ((long)spec.Rounds * (PerRound + (spec.Classes.Length * PerLabel)));

    // Two lists of each round in the record of the run; in that of the last round one of each round before, and three of its own.
    private static long Lists(RunSpec spec) => Math.Max(2L * spec.Rounds, spec.Rounds + 2L);

    private static long Shards(RunSpec spec) => Quotient(spec.SamplesPerRound, spec.Execution.ShardSize);

    private static long Quotient(long dividend, long divisor) => (dividend + divisor - 1) / divisor;
}
