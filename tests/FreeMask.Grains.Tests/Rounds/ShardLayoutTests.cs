using CsCheck;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Rounds;
using FreeMask.Grains.Tests.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Rounds;

public sealed class ShardLayoutTests
{
    [Fact]
    public void Every_sample_is_in_exactly_one_shard() => Gen.Select(Gen.Int[1, 5000], Gen.Int[1, 1200]).Sample((samples, size) =>
    {
        var spec = Specs.Small with { SamplesPerRound = samples, Execution = new ExecutionSpec { ShardSize = size } };
        var layout = new ShardLayout(RoundRecord.Begin(new RoundAssignment("run", spec, 0, null, []), DateTimeOffset.UnixEpoch));
        var next = 0;
        for (var shard = 0; shard < layout.Count; shard++)
        {
            var desired = layout.DesiredStateOf(StageTable.Default, shard, suspended: true);
            Assert.Equal(next, desired.First);
            Assert.InRange(desired.Count, 1, size);
            next += desired.Count;
        }

        Assert.Equal(samples, next);
    });
}
