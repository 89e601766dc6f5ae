using FreeMask.Cli.Experiments;
using FreeMask.Training.Mini.Stages;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Cli.Tests.Experiments;

public sealed class TrialTableTests
{
    private static readonly string Model = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models", "mini");

    private static readonly IReadOnlyList<TestSet> Sets = TestSet.Of(Model, HeldOutSet.MultipleSplit);

    /// <summary>A segmenter that gets the same share of every image right.</summary>
    private static Trial Of(double iou, int samples = 80) => new(
        samples,
        Sets.ToDictionary(
            set => set.Name,
            set => (IReadOnlyList<ClassCounts>)[
                .. set.Images.Select((_, i) => new ClassCounts([1 + (i % 3)], [(long)(1000 * iou)], [1000], [900])),
            ]
        )
    );

    [Fact]
    public void Three_sets_of_known_drawings_ship()
    {
        Assert.Equal(["held-out", "Twemoji", "FxEmojis"], Sets.Select(set => set.Name));
        Assert.Equal([200, 100, 100], Sets.Select(set => set.Images.Count));
        Assert.Equal([48, 48, 27], Sets.Select(set => set.Objects.Objects));
        Assert.Equal([200, 100, 100], TestSet.Of(Model, HeldOutSet.SingleSplit).Select(set => set.Images.Count));
    }

    [Fact]
    public void Rows_are_means_over_seeds_and_differences_are_taken_seed_by_seed()
    {
        var table = new TrialTable(new SegmenterTrials(Model));
        table.Add("start", null, Of(0.4, 0));
        table.Add("one", "start", Of(0.5));
        table.Add("one", "start", Of(0.6));
        table.Add("two", "one", Of(0.65));
        table.Add("none", "one", null);

        Assert.Equal(0.55, table.Of("one").Value, 9);
        Assert.Equal((0.55, 0.55), (table.Of("one").Interval.Low, table.Of("one").Interval.High));
        // The start has one training, and "two" lacks the second seed.
        Assert.Equal(0.15, table.Difference("one", "start").Value, 9);
        Assert.Equal(0.15, table.Difference("two", "one").Value, 9);
        Assert.True(table.Difference("two", "one").IsClear);
        Assert.False(table.Has("none"));

        var rows = table.ToTable("title").Rows;
        Assert.Equal(["start", "one", "two"], rows.Select(row => row.Label));
        Assert.Equal(["80", "2", "0.550 (0.550 to 0.550)"], rows[1].Cells.Take(3).Select(cell => cell.Text));
        Assert.Equal("+0.150 (+0.150 to +0.150)", rows[1].Cells[^1].Text);
        Assert.Equal(3, table.ToPlot("title").Series.Count);
    }
}
