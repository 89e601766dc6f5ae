using FreeMask.Cli.Reports;
using FreeMask.GrainInterfaces;
using Xunit;

namespace FreeMask.Cli.Tests.Reports;

public sealed class ReportSelectionTests
{
    [Fact]
    public void Strips_take_turns_over_the_classes_and_show_neither_best_nor_worst_first()
    {
        var samples = Enumerable
            .Range(0, 10)
            .Select(index => Sample(index, index % 2 == 0 ? "cat" : "dog", 0.1 * index, SampleState.Kept))
            .ToList();

        var chosen = ReportSelection.Strips(samples, 3);

        Assert.Equal(["cat", "dog", "cat"], chosen.Select(sample => sample.Plan.Class));
        Assert.Equal([4, 5], chosen.Take(2).Select(sample => sample.Index));
    }

    [Fact]
    public void Borderline_samples_lie_on_both_sides_of_the_threshold_of_their_class()
    {
        var samples = Enumerable
            .Range(0, 10)
            .Select(index => Sample(index, "cat", 0.1 * index, index >= 3 ? SampleState.Kept : SampleState.Dropped))
            .ToList();

        var chosen = ReportSelection.Borderline(samples, [new SelectionThreshold("cat", 10, 7, 0.3, 3)], 2);

        Assert.Equal([1, 2, 3, 4], chosen.Select(sample => sample.Index));
    }

    private static SampleRecord Sample(int index, string name, double score, SampleState stage) => new()
    {
        Round = 0,
        Index = index,
        Plan = new SamplePlan(index, name, name == "cat" ? 8 : 12, "", "", "", 1),
        State = stage,
        Score = score,
        Artifacts = [new ArtifactReference(ArtifactNames.Image, "x", "cpu")],
    };
}
