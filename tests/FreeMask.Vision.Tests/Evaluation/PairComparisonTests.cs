using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Thesaurus;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class PairComparisonTests
{
    private static readonly SceneThesaurus Thesaurus = ThesaurusBuilder.Build([
        new("a dog and a sheep on the grass", "a"),
        new("a dog beside a sheep", "b"),
        new("a man walks his dog", "c"),
    ]);

    [Fact]
    public void Pairs_have_the_counts_of_both_sides()
    {
        var compared = PairComparison.Of(
            Thesaurus,
            ["dog", "sheep", "person", "forklift"],
            [Set("dog", "sheep", "forklift"), Set("dog", "sheep", "person"), Set("dog")]
        );
        Assert.Equal(3, compared.Images);
        PairCount[] expected =
        [
            .. new PairCount[] { new("dog", "sheep", 2, 2), new("dog", "person", 1, 1), new("person", "sheep", 0, 1) }.Select(Ordered),
        ];
        Assert.Equal(expected, compared.Pairs.Select(Ordered));
        Assert.Equal((3, 2, 2), (compared.Shown, compared.Named, compared.ShownAndNamed));
        Assert.Equal(double.NaN, compared.Auc);
    }

    [Theory]
    [InlineData("dog", "sheep", 1)]
    [InlineData("person", "sheep", 0)]
    [InlineData("dog", "person", 0.5)]
    public void The_area_under_the_curve_ranks_pairs_by_captions(string first, string second, double auc)
    {
        var compared = PairComparison.Of(Thesaurus, ["dog", "sheep", "person"], [Set(first, second)]);
        Assert.Equal(auc, compared.Auc);
    }

    [Fact]
    public void Images_of_other_classes_show_no_pair()
    {
        var compared = PairComparison.Of(Thesaurus, ["forklift", "dog"], [Set("forklift", "dog")]);
        Assert.Equal((1, 0, 0), (compared.Images, compared.Shown, compared.Pairs.Count));
    }

    private static HashSet<string> Set(params string[] classes) => [.. classes];

    private static PairCount Ordered(PairCount pair) =>
        string.CompareOrdinal(pair.First, pair.Second) < 0 ? pair : pair with { First = pair.Second, Second = pair.First };
}
