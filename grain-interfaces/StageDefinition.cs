using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>The definition of a stage. Its implementation is an <c>IStageHandler</c>.</summary>
public sealed record StageDefinition
{
    /// <summary>The stage; its name is used in logs, metrics and operations.</summary>
    public required Stage Stage { get; init; }

    /// <summary>The state of its input samples.</summary>
    public required SampleState Before { get; init; }

    /// <summary>The state of a sample afterwards; no other stage leads to it.</summary>
    public required SampleState After { get; init; }

    /// <summary>Artifacts of earlier stages that it reads (<see cref="ArtifactNames"/>).</summary>
    public required ImmutableArray<string> Inputs { get; init; }

    /// <summary>Artifacts that it may make (<see cref="ArtifactNames"/>); no other stage makes them.</summary>
    public required ImmutableArray<string> Outputs { get; init; }

    /// <summary>Samples in one batch, at least 1.</summary>
    public required Func<RunSpec, int> BatchSize { get; init; }

    /// <summary>Whether it reads the round's donor snapshot; part of the key that samples of a batch share.</summary>
    public bool UsesDonors { get; init; }

    /// <summary>Whether it needs a scoring model; part of the key that samples of a batch share.</summary>
    public bool UsesScoringModel { get; init; }

    /// <summary>
    /// Whether it runs a model. Such a stage dominates the duration of a run, so no remaining time is shown before it was measured.
    /// </summary>
    public bool IsModelStage { get; init; }

    /// <summary>The state afterwards, in one word for display: "generated".</summary>
    public required string DisplayName { get; init; }
}
