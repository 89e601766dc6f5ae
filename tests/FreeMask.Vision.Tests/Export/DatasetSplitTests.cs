using CsCheck;
using FreeMask.Vision.Export;
using Xunit;

namespace FreeMask.Vision.Tests.Export;

public sealed class DatasetSplitTests
{
    [Fact]
    public void Every_class_has_its_share_whatever_the_order() =>
        Gen.Select(Gen.Byte[1, 5].Array[1, 3].Array[1, 60], Gen.ULong).Sample((classes, seed) =>
        {
            var items = classes.Select((c, i) => new ExportItem($"s{i:000}", c)).ToArray();
            var parts = DatasetSplit.Make(items, 0.2, seed);
            var reversed = DatasetSplit.Make([.. items.Reverse()], 0.2, seed).Reverse();
            Assert.Equal(parts, reversed);
            // The rarest class is dealt first, so its share is exact.
            var rarest = items.SelectMany(i => i.Classes.Distinct()).GroupBy(c => c).OrderBy(g => g.Count()).ThenBy(g => g.Key).First();
            var held = items.Where((item, i) => parts[i] == DatasetPart.Val && item.Classes.Contains(rarest.Key)).Count();
            Assert.Equal((int)Math.Round(0.2 * rarest.Count(), MidpointRounding.AwayFromZero), held);
        }, iter: 200);

    [Fact]
    public void Seeds_differ_and_shares_are_kept()
    {
        var items = Enumerable.Range(0, 100).Select(i => new ExportItem($"s{i}", [(byte)(1 + (i % 4))])).ToArray();
        var (a, b) = (DatasetSplit.Make(items, 0.2, 1), DatasetSplit.Make(items, 0.2, 2));
        Assert.NotEqual(a, b);
        Assert.Equal(20, a.Count(p => p == DatasetPart.Val));
        Assert.All(DatasetSplit.Make(items, 0, 1), p => Assert.Equal(DatasetPart.Train, p));
    }
}
