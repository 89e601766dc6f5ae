using FreeMask.GrainInterfaces;

namespace FreeMask.Client.Runs;

/// <summary>How numbers of objects are shown.</summary>
internal static class ObjectCounts
{
    /// <summary>The name of a number of objects as in <see cref="ObjectShare"/>.</summary>
    internal static string Name(int leastObjects) => leastObjects switch { 1 => "one", 2 => "two", _ => "three or more" };

    /// <summary>Kept of scored samples of all rounds, by the number of objects; null if nothing was selected.</summary>
    internal static string? Describe(IEnumerable<RoundStatus> rounds)
    {
        var shares = rounds.SelectMany(round => round.Objects).GroupBy(share => share.LeastObjects).OrderBy(group => group.Key).ToList();
        return shares.Count == 0
            ? null
            : string.Join(", ", shares.Select(s => $"{Name(s.Key)}: {s.Sum(share => share.Kept)} of {s.Sum(share => share.Scored)} kept"));
    }
}
