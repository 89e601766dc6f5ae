using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class CriterionExperimentTests
{
    private const int Side = 48;
    private const byte Cat = 8, Dog = 12;

    [Fact]
    public void Auc_counts_pairs_and_half_of_ties() =>
        // Own 3, 2 against harmed 2, 1: three of four pairs are won, one is a tie.
        Assert.Equal(3.5 / 4, CriterionExperiment.Auc([(3, 2), (2, 1)]), 1e-12);

    [Theory]
    [InlineData(LabelFault.Shifted)]
    [InlineData(LabelFault.Grown)]
    [InlineData(LabelFault.Shrunk)]
    [InlineData(LabelFault.Cut)]
    [InlineData(LabelFault.Missing)]
    [InlineData(LabelFault.WrongClass)]
    public void A_fault_changes_one_object_and_leaves_the_other(object fault)
    {
        var (labels, instances) = TwoObjects();
        for (var seed = 0ul; seed < 20; seed++)
        {
            var harmed = LabelFaults.Harm(labels, instances, (LabelFault)fault, [Cat, Dog], new CounterRandom(seed, "fault"));
            Assert.NotNull(harmed);
            var changed = Enumerable.Range(0, Side * Side).Where(i => Differs(i, harmed.Value.Labels, harmed.Value.Instances)).ToList();
            Assert.NotEmpty(changed);
            // The pixels that change belong to one object, before or after; never to the other.
            var touched = changed.SelectMany(i => new[] { instances.Labels[i], harmed.Value.Instances.Labels[i] }).Where(n => n != 0);
            Assert.Single(touched.Distinct());
        }

        bool Differs(int i, LabelMap newLabels, LabelMap newInstances) =>
            newLabels.Labels[i] != labels.Labels[i] || newInstances.Labels[i] != instances.Labels[i];
    }

    [Fact]
    public void An_only_object_is_never_missing()
    {
        var (labels, instances) = (new LabelMap(8, 1, [0, Cat, Cat, 0, 0, 0, 0, 0]), new LabelMap(8, 1, [0, 1, 1, 0, 0, 0, 0, 0]));
        Assert.Null(LabelFaults.Harm(labels, instances, LabelFault.Missing, [Cat, Dog], new CounterRandom(1, "fault")));
    }

    [Fact]
    public void A_perfect_scoring_model_finds_every_fault_by_every_criterion_that_can_see_it()
    {
        var (labels, instances) = TwoObjects();
        var samples = Enumerable.Range(0, 6).Select(_ => new ScoredSample(labels, instances, labels)).ToList();
        var results = CriterionExperiment.Run(samples, [Cat, Dog], 1);
        foreach (var result in results.Where(r => r.Fault is not null))
        {
            var expected = (result.Fault, result.Criterion) switch
            {
                (LabelFault.WrongClass, "mask" or "worst-object" or "boundary") => 0.5,
                // A mean over the classes of the label map does not see that a class is missing there.
                (LabelFault.Missing, "iou") => 0.5,
                _ => 1,
            };
            Assert.True(expected == result.Auc, $"{result.Criterion} of {result.Fault}: {result.Auc}");
        }
    }

    /// <summary>A cat and a dog of 200 pixels each.</summary>
    private static (LabelMap Labels, LabelMap Instances) TwoObjects()
    {
        var (labels, instances) = (new LabelMap(Side, Side), new LabelMap(Side, Side));
        Fill(4, Cat, 1);
        Fill(30, Dog, 2);
        return (labels, instances);

        void Fill(int left, byte classId, byte number)
        {
            for (var y = 14; y < 34; y++)
                for (var x = left; x < left + 10; x++) (labels[x, y], instances[x, y]) = (classId, number);
        }
    }
}
