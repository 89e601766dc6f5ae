using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>
/// The stages in order. The state machine, counts, times, progress and reports derive from this table. A new stage needs a row here, a
/// number in <see cref="Stage"/> and in <see cref="SampleState"/>, and a handler.
/// </summary>
public sealed class StageTable
{
    /// <summary>Batch size of stages without a model.</summary>
    private const int ImageBatch = 8;

    private readonly int[] _ranks = new int[byte.MaxValue + 1];
    private readonly Dictionary<Stage, StageDefinition> _byStage;
    private readonly Dictionary<SampleState, StageDefinition> _byStateBefore;
    private readonly Dictionary<string, StageDefinition> _byOutput;

    /// <summary>Makes a table.</summary>
    /// <param name="stages">The stages in their order.</param>
    /// <exception cref="ArgumentException">
    /// The first stage does not start from Planned, a stage does not start where the one before it ends, the last does not lead to Scored,
    /// or a stage, state or output occurs twice.
    /// </exception>
    public StageTable(ImmutableArray<StageDefinition> stages)
    {
        var state = SampleState.Planned;
        foreach (var stage in stages)
        {
            if (stage.Before != state)
                throw new ArgumentException(
                    $"{stage.Stage} starts from {stage.Before}, but samples come to it as {state}.",
                    nameof(stages)
                );
            state = stage.After;
        }

        if (state != SampleState.Scored)
            throw new ArgumentException($"The last stage leads to {state}, not to {SampleState.Scored}.", nameof(stages));
        Stages = stages;
        States = [SampleState.Planned, .. stages.Select(s => s.After), SampleState.Kept, SampleState.Dropped, SampleState.Quarantined];
        Array.Fill(_ranks, -1);
        for (var rank = 0; rank < States.Length; rank++) _ranks[(byte)States[rank]] = rank;
        _byStage = stages.ToDictionary(s => s.Stage);
        _byStateBefore = stages.ToDictionary(s => s.Before);
        _byOutput = stages
            .SelectMany(s => s.Outputs.Select(o => (Output: o, Stage: s)))
            .ToDictionary(p => p.Output, p => p.Stage, StringComparer.Ordinal);
    }

    /// <summary>The stages of the method.</summary>
    public static StageTable Default { get; } = new(
    [
        new()
        {
            Stage = Stage.Generate, Before = SampleState.Planned, After = SampleState.Generated, DisplayName = "generated",
            Inputs = [], Outputs = [ArtifactNames.Image, ArtifactNames.Attention],
            BatchSize = spec => spec.Generation.Batch, IsModelStage = true,
        },
        new()
        {
            Stage = Stage.Mask, Before = SampleState.Generated, After = SampleState.Masked, DisplayName = "masked",
            Inputs = [ArtifactNames.Image, ArtifactNames.Attention], Outputs = [ArtifactNames.Label],
            BatchSize = spec => spec.Mask.Batch,
        },
        new()
        {
            Stage = Stage.Compose, Before = SampleState.Masked, After = SampleState.Composed, DisplayName = "composed",
            Inputs = [ArtifactNames.Image, ArtifactNames.Label],
            Outputs = [ArtifactNames.CompositeImage, ArtifactNames.CompositeLabel, ArtifactNames.Instances, ArtifactNames.Pasted],
            BatchSize = _ => ImageBatch, UsesDonors = true,
        },
        new()
        {
            Stage = Stage.Harmonize, Before = SampleState.Composed, After = SampleState.Harmonized, DisplayName = "harmonized",
            Inputs = [ArtifactNames.CompositeImage, ArtifactNames.Instances, ArtifactNames.Pasted], Outputs = [ArtifactNames.FinalImage],
            BatchSize = _ => ImageBatch,
        },
        new()
        {
            Stage = Stage.Score, Before = SampleState.Harmonized, After = SampleState.Scored, DisplayName = "scored",
            Inputs = [ArtifactNames.FinalImage, ArtifactNames.CompositeLabel], Outputs = [ArtifactNames.Prediction],
            BatchSize = spec => spec.Scoring.Batch, UsesScoringModel = true, IsModelStage = true,
        },
    ]);

    /// <summary>The stages in their order.</summary>
    public ImmutableArray<StageDefinition> Stages { get; }

    /// <summary>The stages that make samples: those that need no scoring model.</summary>
    public IEnumerable<StageDefinition> Producing => Stages.Where(s => !s.UsesScoringModel);

    /// <summary>
    /// The stages before the first one that pastes objects of other samples in: the second use of a drawing takes their results.
    /// </summary>
    public IEnumerable<StageDefinition> OfDrawings => Stages.TakeWhile(s => !s.UsesDonors);

    /// <summary>The stages that score samples.</summary>
    public IEnumerable<StageDefinition> Scoring => Stages.Where(s => s.UsesScoringModel);

    /// <summary>All states in the order in which samples come to them: Planned, the state after each stage, Kept, Dropped,
    /// Quarantined.</summary>
    public ImmutableArray<SampleState> States { get; }

    /// <summary>The definition of a stage.</summary>
    /// <exception cref="KeyNotFoundException">The table does not contain it.</exception>
    public StageDefinition this[Stage stage] => _byStage[stage];

    /// <summary>The next stage of a sample; null if no stage is left.</summary>
    public StageDefinition? Next(SampleState state) => _byStateBefore.GetValueOrDefault(state);

    /// <summary>The stage that makes an artifact; null if none does.</summary>
    public StageDefinition? OriginOf(string artifact) => _byOutput.GetValueOrDefault(artifact);

    /// <summary>The stage that reports a fact, whose name begins with the stage's; null if none does.</summary>
    public StageDefinition? OriginOfFact(string fact)
    {
        foreach (var stage in Stages)
            if (fact.StartsWith($"{stage.Stage}.", StringComparison.OrdinalIgnoreCase)) return stage;
        return null;
    }

    /// <summary>The position of a state in <see cref="States"/>.</summary>
    /// <exception cref="ArgumentException">The table does not contain it: the record was written by a version with more
    /// stages.</exception>
    public int RankOf(SampleState state) =>
        _ranks[(byte)state] is var rank and >= 0
            ? rank
            : throw new ArgumentException(
                $"This version has no sample state {(byte)state}; the record was written by a later version.",
                nameof(state)
            );

    /// <summary>Whether a state is the other one or comes after it.</summary>
    public bool HasReached(SampleState state, SampleState target) => RankOf(state) >= RankOf(target);

    /// <summary>The largest batch size of a run.</summary>
    public int LargestBatch(RunSpec spec) => Stages.Max(s => s.BatchSize(spec));

    /// <summary>The display name of a state: "planned", "masked", "kept".</summary>
    public string DisplayNameOf(SampleState state) =>
        Stages.FirstOrDefault(s => s.After == state)?.DisplayName ?? state.ToString().ToLowerInvariant();
}
