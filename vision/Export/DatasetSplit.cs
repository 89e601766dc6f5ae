using FreeMask.Randomness;

namespace FreeMask.Vision.Export;

/// <summary>The part of a data set that a sample belongs to.</summary>
internal enum DatasetPart
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
/// up from its samples that are not dealt yet (iterative stratification, Sechidis et al., ECML 2011). Where the shares of small classes are
/// rounded down, samples of the commonest classes are added until <c>val</c> has its share of all. The order of the items does not matter.
/// Samples of one group are dealt as one, so that no picture is in both parts; shares are those of groups then.
/// </summary>
internal static class DatasetSplit
{
    // Of fewer samples none can be spared for measuring.
    private const int Few = 3;

    /// <summary>The part of each item, in the items' order. From three samples on, a share above 0 gives at least one to
    /// <c>val</c>.</summary>
    /// <param name="items">The samples; ids are unique.</param>
    /// <param name="validationShare">0 to 1.</param>
    /// <param name="seed">Another seed gives another split.</param>
    public static DatasetPart[] Make(IReadOnlyList<ExportItem> items, double validationShare, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentOutOfRangeException.ThrowIfNegative(validationShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(validationShare, 1);
        var groups = items.Index().GroupBy(i => i.Item.Group ?? i.Item.Id, StringComparer.Ordinal).ToArray();
        var parts = Deal([.. groups.Select(g => new ExportItem(g.Key, [.. g.SelectMany(i => i.Item.Classes)]))], validationShare, seed);
        var result = new DatasetPart[items.Count];
        foreach (var (group, members) in groups.Index())
            foreach (var (i, _) in members) result[i] = parts[group];
        return result;
    }

    private static DatasetPart[] Deal(IReadOnlyList<ExportItem> items, double validationShare, ulong seed)
    {
        var order = Enumerable.Range(0, items.Count).OrderBy(i => items[i].Id, StringComparer.Ordinal).ToArray();
        new CounterRandom(seed, "split").Shuffle(order.AsSpan());
        var byClass = order.SelectMany(i => ClassesOf(items[i]).Select(c => (Class: c, Item: i)))
            .GroupBy(p => p.Class, p => p.Item).OrderBy(g => g.Count()).ThenBy(g => g.Key).ToArray();
        var parts = new DatasetPart?[items.Count];
        foreach (var members in byClass)
        {
            var wanted = Share(validationShare, members.Count()) - members.Count(i => parts[i] == DatasetPart.Val);
            foreach (var i in members.Where(i => parts[i] is null))
                parts[i] = wanted-- > 0 ? DatasetPart.Val : DatasetPart.Train;
        }

        var result = Array.ConvertAll(parts, p => p ?? DatasetPart.Train);
        TopUp(items, result, [.. byClass.Reverse().Select(g => g.ToArray())], validationShare);
        return result;
    }

    // Samples without objects are a class of their own.
    private static IEnumerable<byte> ClassesOf(ExportItem item) => item.Classes.Count == 0 ? [(byte)0] : item.Classes.Distinct();

    private static int Share(double share, int count) => (int)Math.Round(share * count, MidpointRounding.AwayFromZero);

    /// <summary>Adds one sample of each class in turn, from the commonest class down, as long as that leaves each of its classes one to
    /// learn from.</summary>
    private static void TopUp(IReadOnlyList<ExportItem> items, DatasetPart[] parts, int[][] byClass, double share)
    {
        var left = new int[256];
        for (var i = 0; i < parts.Length; i++)
            if (parts[i] == DatasetPart.Train)
                foreach (var c in ClassesOf(items[i])) left[c]++;
        var missing = Share(share, items.Count) - parts.Count(p => p == DatasetPart.Val);
        for (var before = missing + 1; missing > 0 && missing < before;)
        {
            before = missing;
            foreach (var members in byClass)
            {
                var spare =
                    missing > 0
                        ? Array.FindIndex(members, i => parts[i] == DatasetPart.Train && ClassesOf(items[i]).All(c => left[c] > 1))
                        : -1;
                if (spare < 0) continue;
                parts[members[spare]] = DatasetPart.Val;
                foreach (var c in ClassesOf(items[members[spare]])) left[c]--;
                missing--;
            }
        }

        // Rather a class without a sample to learn from than nothing to measure on, which readers refuse.
        if (share > 0 && items.Count >= Few && !parts.Contains(DatasetPart.Val)) parts[byClass[0][0]] = DatasetPart.Val;
    }
}
