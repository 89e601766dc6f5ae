using FreeMask.Vision.Randomness;

namespace FreeMask.Vision.Export;

/// <summary>The part of a data set that a sample belongs to.</summary>
public enum DatasetPart
{
    /// <summary>For learning.</summary>
    Train,

    /// <summary>For measuring.</summary>
    Val,
}

/// <summary>What formats call the parts.</summary>
internal static class DatasetParts
{
    /// <summary><c>train</c> or <c>val</c>.</summary>
    internal static string Name(this DatasetPart part) => part == DatasetPart.Val ? "val" : "train";
}

/// <summary>
/// Splits by seed so that every class has its share in <c>val</c>: classes are dealt from the rarest to the commonest, each tops its share
/// up from its samples that are not dealt yet (iterative stratification, Sechidis et al., ECML 2011). The order of the items does not matter.
/// </summary>
public static class DatasetSplit
{
    /// <summary>The part of each item, in the items' order.</summary>
    /// <param name="items">The samples; ids are unique.</param>
    /// <param name="validationShare">0 to 1.</param>
    /// <param name="seed">Another seed gives another split.</param>
    public static DatasetPart[] Make(IReadOnlyList<ExportItem> items, double validationShare, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentOutOfRangeException.ThrowIfNegative(validationShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(validationShare, 1);
        var order = Enumerable.Range(0, items.Count).OrderBy(i => items[i].Id, StringComparer.Ordinal).ToArray();
        new CounterRandom(seed, "split").Shuffle(order.AsSpan());
        // Samples without objects are a class of their own.
        var byClass = order.SelectMany(i => (items[i].Classes.Count == 0 ? [(byte)0] : items[i].Classes).Distinct().Select(c => (Class: c, Item: i)))
            .GroupBy(p => p.Class, p => p.Item).OrderBy(g => g.Count()).ThenBy(g => g.Key);
        var parts = new DatasetPart?[items.Count];
        foreach (var members in byClass)
        {
            var wanted = (int)Math.Round(validationShare * members.Count(), MidpointRounding.AwayFromZero) - members.Count(i => parts[i] == DatasetPart.Val);
            foreach (var i in members.Where(i => parts[i] is null))
                parts[i] = wanted-- > 0 ? DatasetPart.Val : DatasetPart.Train;
        }

        return Array.ConvertAll(parts, p => p ?? DatasetPart.Train);
    }
}
