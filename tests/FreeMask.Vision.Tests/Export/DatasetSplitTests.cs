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
            // The rarest class is dealt first, so it has its share, or more where others lack theirs.
            var rarest = items.SelectMany(i => i.Classes.Distinct()).GroupBy(c => c).OrderBy(g => g.Count()).ThenBy(g => g.Key).First();
            var held = items.Where((item, i) => parts[i] == DatasetPart.Val && item.Classes.Contains(rarest.Key)).Count();
            Assert.InRange(held, (int)Math.Round(0.2 * rarest.Count(), MidpointRounding.AwayFromZero), rarest.Count());
            if (items.Length >= 3) Assert.Contains(DatasetPart.Val, parts);
        }, iter: 200);

    [Fact]
    public void Samples_of_one_picture_are_in_one_part() =>
        Gen.Select(Gen.Int[0, 20].Array[1, 60], Gen.ULong).Sample((pictures, seed) =>
        {
            var items = pictures.Select((p, i) => new ExportItem($"s{i:000}", [(byte)(1 + (p % 3))]) { Group = $"p{p}" }).ToArray();
            var parts = DatasetSplit.Make(items, 0.2, seed);
            Assert.Equal(parts, DatasetSplit.Make([.. items.Reverse()], 0.2, seed).Reverse());
            foreach (var picture in items.Index().GroupBy(i => i.Item.Group))
                Assert.Single(picture.Select(i => parts[i.Index]).Distinct());
            if (pictures.Distinct().Count() >= 3) Assert.Contains(DatasetPart.Val, parts);
        }, iter: 200);

    [Theory]
    [InlineData(20, 4, 8)]
    [InlineData(1, 4, 1)]
    [InlineData(3, 1, 1)]
    [InlineData(1, 2, 0)]
    [InlineData(2, 40, 8)]
    public void Small_classes_have_something_to_measure_on_too(int classes, int samples, int expected)
    {
        var items = Enumerable.Range(0, classes * samples).Select(i => new ExportItem($"s{i:000}", [(byte)(1 + (i % classes))])).ToArray();
        var parts = DatasetSplit.Make(items, 0.1, 1);
        Assert.Equal(expected, parts.Count(p => p == DatasetPart.Val));
        if (samples > 1)
            Assert.All(items.Index().GroupBy(i => i.Item.Classes[0]), g => Assert.Contains(g, i => parts[i.Index] == DatasetPart.Train));
    }

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
