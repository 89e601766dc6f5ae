using FreeMask.Cli.Experiments;
using FreeMask.Imaging;
using FreeMask.Training.Mini.Evaluation;
using Xunit;

namespace FreeMask.Cli.Tests.Experiments;

public sealed class MaskScoresTests
{
    private const byte Cat = 8;

    /// <summary>A truth of ten columns: 4 of the cat, 2 undecided, 4 of background.</summary>
    private static readonly byte[] Columns = [Cat, Cat, Cat, Cat, LabelMap.Ignore, LabelMap.Ignore, 0, 0, 0, 0];

    private static LabelMap Map(Func<int, byte> column) =>
        new(10, 10, [.. Enumerable.Range(0, 100).Select(i => column(i % 10))]);

    private static HeldOutScene Scene => new(new("a", new(10, 10), Map(x => Columns[x])), Cat, "a cat");

    [Theory]
    [InlineData(4, 1)]
    [InlineData(6, 1)]
    [InlineData(3, 0.75)]
    [InlineData(8, 4 / 6.0)]
    [InlineData(0, 0)]
    public void Pixels_whose_truth_is_undecided_count_neither_as_right_nor_as_wrong(int width, double iou)
    {
        var scores = MaskScores.Of(Scene, [Map(x => x < width ? Cat : LabelMap.Background)]);
        Assert.Equal("cat", scores.Class);
        Assert.Equal(iou, scores.IoU[0], 12);
        Assert.Equal(width is 4 or 6, scores.Boundary[0] == 1);
    }
}
