using CsCheck;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Domain;

public sealed class SampleTransitionsTests
{
    private const int MaxAttempts = 3;

    private static readonly SamplePlan Plan = SamplePlanner.Plan(Specs.Small, 0, 0);

    private static readonly Gen<StageCompletion> AnyCompletion = Gen.Select(
        Gen.Enum<Stage>(), Gen.Int[0, 4], Gen.Int[0, 3], Gen.Enum<StageResult>(), Gen.Double[0, 1],
        (kind, attempt, faults, result, score) => Completion(kind, attempt, faults, result, score));

    // Mostly events that fit the record, so that walks get far, mixed with any others.
    private static readonly Gen<(int Choice, StageResult Result, double Score, StageCompletion Any)[]> Walks = Gen.Select(
        Gen.Int[0, 9],
        Gen.Frequency((8, Gen.Const(StageResult.Done)), (1, Gen.Const(StageResult.Rejected)), (1, Gen.Const(StageResult.Fault))),
        Gen.Double[0, 1],
        AnyCompletion
    ).Array[0, 60];

    [Fact]
    public void Samples_only_move_forward_and_repetition_changes_nothing() => Walks.Sample(walk =>
    {
        var record = SampleTransitions.Fresh(0, 0, Plan);
        var executed = new HashSet<string>();
        foreach (var (choice, result, score, any) in walk)
        {
            var before = record;
            var completion =
                    choice < 7 && StageTable.Default.Next(record.State) is { } next
                        ? Completion(next.Stage, record.Attempt, record.Faults, result, score)
                        : any;
            if (choice == 9) record = SampleTransitions.Decide(record, score > 0.3);
            else record = SampleTransitions.Apply(StageTable.Default, record, completion);

            Assert.True(
                    Position(record).CompareTo(Position(before)) >= 0,
                    $"{before.Attempt}.{before.State} -> {record.Attempt}.{record.State}"
                );
            if (Has(before, SampleState.Kept)) Assert.Same(before, record);
            if (!ReferenceEquals(before, record))
                Assert.True(executed.Add(record.Operation), $"operation {record.Operation} was taken twice");
            Assert.Same(
                    record,
                    choice == 9
                        ? SampleTransitions.Decide(record, true)
                        : SampleTransitions.Apply(StageTable.Default, record, completion with { })
                );
            Assert.InRange(record.Attempt, 0, MaxAttempts - 1);
            Assert.Equal(
                    Has(record, SampleState.Scored) && record.State != SampleState.Quarantined,
                    record.Score is not null && record.State != SampleState.Quarantined
                );
        }
    });

    [Fact]
    public void A_lost_answer_does_not_count_a_fault_twice()
    {
        var record = SampleTransitions.Fresh(0, 0, Plan);
        var fault = Completion(Stage.Generate, 0, 0, StageResult.Fault, 0);
        var once = SampleTransitions.Apply(StageTable.Default, record, fault);
        Assert.Equal(1, once.Faults);
        Assert.Same(once, SampleTransitions.Apply(StageTable.Default, once, fault));
    }

    [Fact]
    public void A_rejected_mask_starts_again_with_the_next_attempt_and_nothing_of_the_old_one()
    {
        var record = SampleTransitions.Apply(
            StageTable.Default,
            SampleTransitions.Fresh(0, 0, Plan),
            Completion(Stage.Generate, 0, 0, StageResult.Done, 0)
        );
        Assert.NotNull(record.Artifact("Generate"));
        var rejected = SampleTransitions.Apply(StageTable.Default, record, Completion(Stage.Mask, 0, 0, StageResult.Rejected, 0));
        Assert.Equal((SampleState.Planned, 1), (rejected.State, rejected.Attempt));
        Assert.Empty(rejected.Artifacts);
        Assert.Equal("reason", rejected.Failure);
        Assert.Same(rejected, SampleTransitions.Apply(StageTable.Default, rejected, Completion(Stage.Generate, 0, 0, StageResult.Done, 0)));
    }

    [Fact]
    public void A_sample_is_quarantined_after_so_many_tries_and_a_retry_gives_it_as_many_again()
    {
        var record = SampleTransitions.Fresh(0, 0, Plan);
        for (var i = 0; i < MaxAttempts; i++) record = GenerateAndReject(record);
        Assert.Equal((SampleState.Quarantined, MaxAttempts - 1, SampleState.Generated), (record.State, record.Attempt, record.FailedAt));

        record = SampleTransitions.Retry(record);
        Assert.Equal((SampleState.Planned, MaxAttempts), (record.State, record.Attempt));
        for (var i = 0; i < MaxAttempts; i++) record = GenerateAndReject(record);
        Assert.Equal((SampleState.Quarantined, (2 * MaxAttempts) - 1), (record.State, record.Attempt));
    }

    [Fact]
    public void A_sample_that_faulted_away_goes_on_where_it_was_with_the_same_seeds()
    {
        var record = SampleTransitions.Apply(
            StageTable.Default,
            SampleTransitions.Fresh(0, 0, Plan),
            Completion(Stage.Generate, 0, 0, StageResult.Done, 0)
        );
        for (var i = 0; i < MaxAttempts; i++)
            record = SampleTransitions.Apply(StageTable.Default, record, Completion(Stage.Mask, 0, i, StageResult.Fault, 0));
        Assert.Equal(SampleState.Quarantined, record.State);
        var again = SampleTransitions.Retry(record);
        Assert.Equal((SampleState.Generated, 0, 0), (again.State, again.Attempt, again.Faults));
        Assert.Equal(record.Artifacts, again.Artifacts);
        Assert.Same(again, SampleTransitions.Retry(again));
    }

    [Theory]
    [InlineData(SampleState.Masked)]
    [InlineData(SampleState.Scored)]
    [InlineData(SampleState.Kept)]
    public void A_second_use_takes_what_was_made_of_its_drawing_before_composition(SampleState reached)
    {
        var drawing = Drawing(reached);
        var taken = Take(SecondUse, drawing);
        Assert.Equal((SampleState.Masked, 2, 0), (taken.State, taken.Attempt, taken.Faults));
        Assert.Equal(SecondUse.Plan, taken.Plan);
        Assert.Equal(
            [ArtifactNames.Attention, ArtifactNames.Image, ArtifactNames.Label],
            taken.Artifacts.Select(a => a.Name));
        Assert.Equal(["mask.area"], taken.Facts.Select(f => f.Name));
        Assert.Empty(taken.Timings);
        Assert.Empty(taken.Places);
        Assert.Null(taken.Score);
        // A second call, and one after the sample went on, change nothing.
        Assert.Same(taken, Take(taken, drawing));
        var composed = SampleTransitions.Apply(StageTable.Default, taken, Completion(Stage.Compose, 2, 0, StageResult.Done, 0));
        Assert.Equal(SampleState.Composed, composed.State);
        Assert.Same(composed, Take(composed, drawing));
    }

    [Theory]
    [InlineData(SampleState.Planned)]
    [InlineData(SampleState.Generated)]
    public void A_second_use_waits_for_its_drawing(SampleState reached) =>
        Assert.Same(SecondUse, Take(SecondUse, Drawing(reached)));

    [Fact]
    public void A_second_use_whose_drawing_has_no_mask_is_quarantined_and_takes_it_after_a_retry()
    {
        var lost = Drawing(SampleState.Quarantined) with { FailedAt = SampleState.Generated, Failure = "too small", Rejected = true };
        var quarantined = Take(SecondUse, lost);
        Assert.Equal((SampleState.Quarantined, SampleState.Planned), (quarantined.State, quarantined.FailedAt));
        Assert.Equal("it is the second use of sample 3, which is quarantined: too small", quarantined.Failure);
        Assert.Same(quarantined, Take(quarantined, lost));

        var back = SampleTransitions.Retry(quarantined);
        Assert.Equal((SampleState.Planned, 0), (back.State, back.Attempt));
        Assert.Equal(SampleState.Quarantined, Take(back, lost).State);
        var taken = Take(back, Drawing(SampleState.Scored));
        Assert.Equal((SampleState.Masked, 2), (taken.State, taken.Attempt));
    }

    [Fact]
    public void A_drawing_that_was_quarantined_after_its_mask_is_taken_whenever_that_is()
    {
        var early = Take(SecondUse, Drawing(SampleState.Masked));
        var late = Take(SecondUse, Drawing(SampleState.Quarantined) with { FailedAt = SampleState.Composed });
        Assert.Equal((early.State, early.Attempt, early.Operation), (late.State, late.Attempt, late.Operation));
        Assert.Equal(early.Artifacts, late.Artifacts);
        Assert.Equal(early.Facts, late.Facts);
    }

    private static SampleRecord SecondUse { get; } = SampleTransitions.Fresh(0, 9, Plan with { Drawing = 3 });

    private static SampleRecord Take(SampleRecord record, SampleRecord drawing) =>
        SampleTransitions.TakeDrawing(StageTable.Default, record, drawing);

    /// <summary>Sample 3 in its third attempt, with artifacts and facts of all stages.</summary>
    private static SampleRecord Drawing(SampleState state) => SampleTransitions.Fresh(0, 3, Plan) with
    {
        State = state,
        Attempt = 2,
        Artifacts =
        [
            .. StageTable.Default.Stages.SelectMany(s => s.Outputs).Order(StringComparer.Ordinal)
                .Select(name => new ArtifactReference(name, $"hash of {name}", "cpu")),
        ],
        Facts = [new SampleFact(FactNames.Pasted, 0), new SampleFact("mask.area", 0.2), new SampleFact("score.iou", 0.5)],
        Timings = [new StageTiming(Stage.Generate, 1)],
        Score = 0.5,
    };

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1_000_000)]
    [InlineData(0.1234565, 123_457)]
    [InlineData(-1, 0)]
    [InlineData(2, 1_000_000)]
    public void Scores_are_rounded_to_millionths(double score, int expected) => Assert.Equal(expected, SampleTransitions.Quantize(score));

    private static SampleRecord GenerateAndReject(SampleRecord record)
    {
        var generated = SampleTransitions.Apply(
            StageTable.Default,
            record,
            Completion(Stage.Generate, record.Attempt, 0, StageResult.Done, 0)
        );
        return SampleTransitions.Apply(
            StageTable.Default,
            generated,
            Completion(Stage.Mask, generated.Attempt, 0, StageResult.Rejected, 0)
        );
    }

    private static (int Attempt, int Rank, int Faults) Position(SampleRecord record) =>
        (record.Attempt, StageTable.Default.RankOf(record.State), record.Faults);

    private static bool Has(SampleRecord record, SampleState state) => StageTable.Default.HasReached(record.State, state);

    [Fact]
    public void Repeated_work_adds_its_seconds_and_has_the_time_of_the_last()
    {
        var (first, second) = (1000, 2000);
        var fault = Completion(Stage.Generate, 0, 0, StageResult.Fault, 0) with { Seconds = 0.5, EndedAtMilliseconds = first };
        var done = Completion(Stage.Generate, 0, 1, StageResult.Done, 0) with { Seconds = 1, EndedAtMilliseconds = second };
        var record = SampleTransitions.Apply(StageTable.Default, SampleTransitions.Fresh(0, 0, Plan), fault);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(1), Assert.Single(record.Timings).EndedAt);
        record = SampleTransitions.Apply(StageTable.Default, record, done);

        Assert.Equal(new StageTiming(Stage.Generate, 1.5) { EndedAtMilliseconds = second }, Assert.Single(record.Timings));
    }

    [Fact]
    public void The_places_of_pasted_objects_come_from_composition_and_go_with_a_new_attempt()
    {
        var places = ObjectPlaces.Of(64, 48, 0, ["fit"], [new ObjectPlace(1, 2, 32, 12, 0, 0.5, [0.5])]);
        var record = SampleTransitions.Fresh(0, 0, Plan) with { State = SampleState.Masked };
        record = SampleTransitions.Apply(
            StageTable.Default,
            record,
            Completion(Stage.Compose, 0, 0, StageResult.Done, 0) with { Places = [places] }
        );
        record = SampleTransitions.Apply(StageTable.Default, record, Completion(Stage.Harmonize, 0, 0, StageResult.Done, 0));
        Assert.Same(places, Assert.Single(record.Places));

        record = SampleTransitions.Apply(StageTable.Default, record, Completion(Stage.Score, 0, 0, StageResult.Rejected, 0));
        Assert.Equal(1, record.Attempt);
        Assert.Empty(record.Places);
    }

    private static StageCompletion Completion(Stage kind, int attempt, int faults, StageResult result, double score) => new()
    {
        Stage = kind,
        Attempt = attempt,
        Faults = faults,
        Result = result,
        Plan = Plan,
        Artifacts = result == StageResult.Done ? [new ArtifactReference(kind.ToString(), $"{kind}{attempt}", "cpu")] : [],
        Score = kind == Stage.Score ? score : null,
        Reason = "reason",
        MaxAttempts = MaxAttempts,
    };
}
