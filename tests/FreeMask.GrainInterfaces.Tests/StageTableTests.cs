using System.Collections.Immutable;
using Xunit;

namespace FreeMask.GrainInterfaces.Tests;

public sealed class StageTableTests
{
    [Fact]
    public void Stored_numbers_never_change()
    {
        Assert.Equal(
            [
                (SampleState.Planned, 0),
                (SampleState.Generated, 1),
                (SampleState.Masked, 2),
                (SampleState.Composed, 3),
                (SampleState.Harmonized, 4),
                (SampleState.Scored, 5),
                (SampleState.Kept, 6),
                (SampleState.Dropped, 7),
                (SampleState.Quarantined, 8),
            ],
            Enum.GetValues<SampleState>().Take(9).Select(s => (s, (int)s))
        );
        Assert.Equal(
            [(Stage.Generate, 0), (Stage.Mask, 1), (Stage.Compose, 2), (Stage.Harmonize, 3), (Stage.Score, 4)],
            Enum.GetValues<Stage>().Take(5).Select(s => (s, (int)s)));
    }

    [Fact]
    public void Every_stage_and_every_state_is_in_the_table()
    {
        Assert.Equal(Enum.GetValues<Stage>().Order(), StageTable.Default.Stages.Select(s => s.Stage).Order());
        Assert.Equal(Enum.GetValues<SampleState>().Order(), StageTable.Default.States.Order());
    }

    [Fact]
    public void Every_input_is_made_by_an_earlier_stage()
    {
        var made = new HashSet<string>(StringComparer.Ordinal);
        foreach (var stage in StageTable.Default.Stages)
        {
            Assert.All(stage.Inputs, input => Assert.Contains(input, made));
            made.UnionWith(stage.Outputs);
        }
    }

    [Fact]
    public void Order_is_that_of_the_table_and_not_of_the_numbers()
    {
        const SampleState Added = (SampleState)200;
        var added = new StageDefinition
        {
            Stage = (Stage)200,
            Before = SampleState.Masked,
            After = Added,
            DisplayName = "added",
            Inputs = [],
            Outputs = [],
            BatchSize = _ => 1,
        };
        var table = new StageTable([
            .. StageTable.Default.Stages.SelectMany(s => s.Stage == Stage.Compose ? new[] { added, s with { Before = Added } } : [s]),
        ]);
        Assert.True(table.HasReached(SampleState.Composed, Added));
        Assert.False(table.HasReached(SampleState.Masked, Added));
        Assert.Equal((Stage)200, table.Next(SampleState.Masked)?.Stage);
        Assert.Equal(Stage.Compose, table.Next(Added)?.Stage);
        Assert.Null(table.Next(SampleState.Scored));
        Assert.Equal("added", table.DisplayNameOf(Added));
        var counts = StateCounts.Of(table.States, state => table.RankOf(state) + 1, rejected: 3);
        Assert.All(table.States, state => Assert.Equal(table.RankOf(state) + 1, counts[state]));
        Assert.Equal(2.5, new StageSeconds().Plus((Stage)200, 1).Plus((Stage)200, 1.5)[(Stage)200]);
    }

    [Fact]
    public void A_record_of_a_later_version_is_refused_by_number() =>
        Assert.Contains(
            "200",
            Assert.Throws<ArgumentException>(() => StageTable.Default.RankOf((SampleState)200)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_chain_with_a_gap_is_refused(string problem, ImmutableArray<StageDefinition> stages)
    {
        Assert.NotEmpty(problem);
        Assert.Throws<ArgumentException>(() => new StageTable(stages));
    }

    public static TheoryData<string, ImmutableArray<StageDefinition>> Broken => new()
    {
        { "a missing stage", StageTable.Default.Stages.RemoveAt(2) },
        { "no last stage", StageTable.Default.Stages.RemoveAt(4) },
        { "a stage twice", StageTable.Default.Stages.Insert(1, StageTable.Default.Stages[0] with { Before = SampleState.Generated }) },
    };
}
