using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Rounds;
using FreeMask.Grains.Tests.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Rounds;

public sealed class RoundJobsTests
{
    private static readonly SegmenterModel Model = new("weights", "config", null);

    [Fact]
    public void A_fold_model_is_trained_on_the_candidates_of_the_other_folds()
    {
        var job = RoundJobs.Fold(Record(0) with { Candidates = ["x", "y"] }, 1);
        Assert.Equal("0/fold1", job.Id);
        Assert.Equal(["x", "y"], job.Lists);
        Assert.Equal(1, job.LeftOut);
    }

    [Fact]
    public void A_segmenter_is_trained_on_the_kept_samples_of_all_rounds() =>
        Assert.Equal(["earlier", "kept"], RoundJobs.Segmenter(Record(1) with { KeptLists = ["kept"] }).Lists);

    [Fact]
    public void The_scoring_model_is_the_job_that_the_round_before_ordered()
    {
        var before = Record(0) with { KeptLists = ["earlier"] };
        before = before with { Assignment = before.Assignment with { TrainingLists = [] } };
        var ordered = RoundJobs.Segmenter(before);
        var again = RoundJobs.ScoringModel(Record(1) with { KeptLists = ["kept"] });
        Assert.Equal(ordered.Id, again.Id);
        Assert.Equal(ordered.Lists, again.Lists);
        Assert.Equal(ordered.Round, again.Round);
        Assert.Equal(ordered.Steps, again.Steps);
    }

    [Fact]
    public void Models_that_a_round_needs_have_the_jobs_that_make_them()
    {
        var record = Record(1);
        record = record with
        {
            Assignment = record.Assignment with { ScoringModel = Model },
            FoldModels = [Model, Model],
            Segmenter = Model,
        };
        Assert.Equal(["1/fold0", "1/fold1", "0/segmenter", "1/segmenter"], RoundJobs.Models(record).Select(m => m.Job.Id));
        Assert.Empty(RoundJobs.Models(Record(1)));
    }

    private static RoundRecord Record(int round) =>
        RoundRecord.Begin(new RoundAssignment("run", Specs.Small, round, null, ["earlier"]), DateTimeOffset.UnixEpoch);
}
