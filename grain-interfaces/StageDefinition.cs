using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>All that is known of a stage. What works on it is its <c>IStageHandler</c>.</summary>
public sealed record StageDefinition
{
    /// <summary>The stage; its name is the name of the work in logs, metrics and operations.</summary>
    public required Stage Stage { get; init; }

    /// <summary>The state of the samples that it takes.</summary>
    public required SampleState Before { get; init; }

    /// <summary>The state that a sample has afterwards; no other stage leads to it.</summary>
    public required SampleState After { get; init; }

    /// <summary>Artifacts of stages before it that it reads (<see cref="ArtifactNames"/>).</summary>
    public required ImmutableArray<string> Inputs { get; init; }

    /// <summary>Artifacts that it may make (<see cref="ArtifactNames"/>); no other stage makes them.</summary>
    public required ImmutableArray<string> Outputs { get; init; }

    /// <summary>Samples in one batch, at least 1.</summary>
    public required Func<RunSpec, int> BatchSize { get; init; }

    /// <summary>Whether it reads the round's donor snapshot; part of the key that samples of a batch share.</summary>
    public bool UsesDonors { get; init; }

    /// <summary>Whether it needs a scoring model; part of the key that samples of a batch share.</summary>
    public bool UsesScoringModel { get; init; }

    /// <summary>Whether it runs a model. Its time dominates, so that no time left is told before it was measured.</summary>
    public bool IsModelStage { get; init; }

    /// <summary>What a sample is afterwards, in one word for people and documents: "generated".</summary>
    public required string DisplayName { get; init; }
}
