using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class FilteringExperimentTests
{
    private const byte Cat = 8, Dog = 12;

    /// <summary>Four cats of which the two with two objects are predicted badly, and two dogs that are predicted well.</summary>
    private static readonly FilteredSample[] Samples =
    [
        Of("cat", Cat, objects: 1, found: 8),
        Of("cat", Cat, objects: 1, found: 7),
        Of("cat", Cat, objects: 2, found: 2),
        Of("cat", Cat, objects: 2, found: 1) with { Shown = ["cat", "dog"] },
        Of("dog", Dog, objects: 1, found: 8),
        Of("dog", Dog, objects: 1, found: 6),
    ];

    [Theory]
    [InlineData("all", "all", 6, 3)]
    [InlineData("objects", "1", 4, 3)]
    [InlineData("objects", "2", 2, 0)]
    [InlineData("shows", "cat", 4, 2)]
    [InlineData("shows", "dog", 3, 1)]
    public void The_best_half_of_each_class_stays(string group, string value, int samples, int kept)
    {
        var result = Assert.Single(
            FilteringExperiment.Run(Samples, 0.5, 1), r => r.Criterion == "iou" && r.Group == group && r.Value == value);

        Assert.Equal((samples, kept), (result.Samples, result.Kept));
        Assert.Equal((double)kept / samples, result.Share, 1e-12);
        Assert.InRange(result.Share, result.Interval.Low, result.Interval.High);
    }

    [Fact]
    public void Classes_are_cut_in_each_round_and_the_number_kept_is_rounded_up()
    {
        FilteredSample[] samples = [.. Samples.Take(3), .. Samples.Take(3).Select(sample => sample with { Round = 1 })];

        Assert.Equal([true, true, false, true, true, false], FilteringExperiment.Select(samples, [3, 2, 1, 3, 2, 1], 0.5));
    }

    [Fact]
    public void The_number_kept_is_that_of_the_runs_selection()
    {
        // In binary, 0.55 x 20 is a little more than 11.
        FilteredSample[] samples = [.. Enumerable.Repeat(Samples[0], 20)];

        Assert.Equal(11, FilteringExperiment.Select(samples, new double[20], 0.55).Count(isKept => isKept));
    }

    [Fact]
    public void A_criterion_without_classes_ignores_a_wrong_class()
    {
        // The prediction has the outline, and another class.
        FilteredSample[] samples = [Samples[1], Samples[0] with { Sample = Samples[0].Sample with { Prediction = Map(Dog, 8) } }];
        var kept = FilteringExperiment.Run([.. samples.Select((s, i) => s with { Objects = i + 1 })], 0.5, 1);

        Assert.Equal(1, kept.Single(r => r is { Criterion: "iou", Group: "objects", Value: "1" }).Kept);
        Assert.Equal(1, kept.Single(r => r is { Criterion: "mask", Group: "objects", Value: "2" }).Kept);
    }

    [Fact]
    public void Certainty_is_a_criterion_where_all_samples_have_it()
    {
        FilteredSample[] certain = [.. Samples.Select((sample, i) => sample with { Certainty = i })];

        var kept = FilteringExperiment.Run(certain, 0.5, 1).Where(r => r is { Criterion: AgreementCriteria.Certainty, Group: "objects" });

        // The later ones of each class: both cats with two objects, and the second dog.
        Assert.Equal([("1", 1), ("2", 2)], kept.Select(r => (r.Value, r.Kept)));
        FilteredSample[] oneUnknown = [.. certain.Skip(1), Samples[0]];
        Assert.DoesNotContain(FilteringExperiment.Run(oneUnknown, 0.5, 1), r => r.Criterion == AgreementCriteria.Certainty);
    }

    private static FilteredSample Of(string name, byte label, int objects, int found) =>
        new(new ScoredSample(Map(label, 8), Map(1, 8), Map(label, found)), 0, name, [name], objects, 0.5);

    private static LabelMap Map(byte label, int pixels) =>
        new(16, 1, [.. Enumerable.Range(0, 16).Select(x => x < pixels ? label : (byte)0)]);
}
