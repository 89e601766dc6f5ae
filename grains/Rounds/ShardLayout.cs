using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>How the samples of a round are divided among shards: equal parts of consecutive indices, the last one may be smaller.</summary>
/// <param name="record">The round.</param>
internal sealed class ShardLayout(RoundRecord record)
{
    /// <summary>Samples of each shard but the last.</summary>
    public int Size => record.Assignment.Spec.Execution.ShardSize;

    /// <summary>Number of shards.</summary>
    public int Count => (record.Assignment.Spec.SamplesPerRound + Size - 1) / Size;

    /// <summary>Samples of a shard.</summary>
    public int SamplesOf(int shard) => Math.Min(Size, record.Assignment.Spec.SamplesPerRound - (shard * Size));

    /// <summary>The desired state of a shard.</summary>
    /// <param name="stages">The order of the states.</param>
    /// <param name="shard">The shard, from 0.</param>
    /// <param name="suspended">True to start no new work.</param>
    public ShardDesiredState DesiredStateOf(StageTable stages, int shard, bool suspended) => new(
        record.Assignment.Run, record.Assignment.Spec, record.Assignment.Round, shard * Size, SamplesOf(shard),
        record.Target(stages), suspended, record.Donors, record.ScoringModels, record.Assignment.Environment)
    {
        Held = record.HoldsComposites ? stages[Stage.Compose].Before : null,
        DonorThresholds = record.DonorThresholds,
        HoldsSecondUses = record.HoldsSecondUses,
    };
}
