using System.Collections.Immutable;

namespace FreeMask.Grains.Domain;

/// <summary>
/// Bounds on the reasons of failures that records count: messages of exceptions may be long and different for every sample, and the
/// records of shards, rounds and runs must not grow with them. The record of a sample has its whole message.
/// </summary>
internal static class FailureReasons
{
    /// <summary>Characters of a reason.</summary>
    public const int MaxLength = 200;

    /// <summary>Different reasons that a shard counts, ...</summary>
    public const int MaxOfShard = 50;

    /// <summary>... and a round.</summary>
    public const int MaxOfRound = 8;

    /// <summary>The reason of the failures beyond those.</summary>
    public const string Others = "other reasons";

    /// <summary>A reason of at most <see cref="MaxLength"/> characters.</summary>
    public static string Shorten(string reason) =>
        reason.Length <= MaxLength ? reason : string.Concat(reason.AsSpan(0, MaxLength - 3), "...");

    /// <summary>The most frequent reasons first, at most <see cref="MaxOfRound"/>; the rarest are counted together, last.</summary>
    public static ImmutableArray<FailureGroup> Rank(IEnumerable<FailureGroup> groups)
    {
        var ranked = groups
            .OrderBy(g => g.Reason == Others)
            .ThenByDescending(g => g.Count)
            .ThenBy(g => g.Reason, StringComparer.Ordinal)
            .ToList();
        if (ranked.Count <= MaxOfRound)
            return [.. ranked];
        var rest = ranked.Skip(MaxOfRound - 1).ToList();
        return [.. ranked.Take(MaxOfRound - 1), new FailureGroup(Others, rest.Sum(g => g.Count), rest[0].Example)];
    }
}
