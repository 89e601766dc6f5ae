using FreeMask.Grains.Stages;
using FreeMask.Grains.Training;
using Xunit;

namespace FreeMask.Grains.Tests.Domain;

public sealed class TrainerRecordTests
{
    [Fact]
    public void The_collection_is_told_of_every_piece_of_a_checkpoint()
    {
        var job = new JobRecord { Id = "0/segmenter", Checkpoint = "list", CheckpointStep = 5, CheckpointPieces = ["one", "two"] };

        Assert.Equal(["list", "one", "two"], job.Artifacts.Order(StringComparer.Ordinal));
        Assert.Equal(["one", "two"], job.Resume!.Content.Pieces);
    }

    [Fact]
    public void A_record_of_an_earlier_version_has_a_checkpoint_in_one_artifact()
    {
        var job = new JobRecord { Id = "0/segmenter", Checkpoint = "all", CheckpointStep = 5, CheckpointPieces = default };

        Assert.Equal(["all"], job.Artifacts);
        Assert.Equal(new TrainingCheckpoint(5, "all"), job.Resume);
        Assert.Empty(job.Resume!.Content.Pieces);
    }
}
