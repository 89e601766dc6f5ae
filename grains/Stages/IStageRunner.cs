using System.Collections.Immutable;

namespace FreeMask.Grains.Stages;

/// <summary>
/// Does the work of the stages on one device. Implementations read and write the artifact store, keep their model sessions, and know
/// nothing of grains. One instance serves one device; calls may overlap when the device allows it.
/// </summary>
public interface IStageRunner
{
    /// <summary>Works on samples of one run.</summary>
    /// <param name="stage">The work; all inputs are at the stage before it.</param>
    /// <param name="spec">What the run makes.</param>
    /// <param name="inputs">At most <see cref="StageDefinition.BatchSize"/> samples. What is made of one must not depend on the others.</param>
    /// <param name="cancellationToken">The device stops: leave soon.</param>
    /// <returns>One outcome an input, in the same order. Artifacts that they name are in the store.</returns>
    /// <exception cref="FreeMask.FreeMaskException">The model or the setting is at fault: no sample of the run can be worked on. The message reaches the user.</exception>
    /// <exception cref="Artifacts.ArtifactStoreException">The store failed: the batch is tried again.</exception>
    /// <exception cref="Exception">
    /// Something else: the samples are tried one by one, so that one sample's fault costs no other; when none of several can be worked on,
    /// the model is held to be at fault.
    /// </exception>
    Task<IReadOnlyList<StageOutcome>> RunAsync(Stage stage, RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken);
}

/// <summary>One sample to work on.</summary>
public sealed record StageInput
{
    /// <summary>The run's id.</summary>
    public required string Run { get; init; }

    /// <summary>The round.</summary>
    public required int Round { get; init; }

    /// <summary>The index within the round.</summary>
    public required int Index { get; init; }

    /// <summary>Class, background, prompt and the names of the random streams.</summary>
    public required SamplePlan Plan { get; init; }

    /// <summary>The attempt: part of the name of every random stream.</summary>
    public required int Attempt { get; init; }

    /// <summary>How often this work on it failed before, within the attempt.</summary>
    public int Faults { get; init; }

    /// <summary>What the stages before made.</summary>
    public ImmutableArray<ArtifactReference> Artifacts { get; init; } = [];

    /// <summary>Compose: the donor snapshot; read it with <see cref="Artifacts.SampleLists.ReadSnapshotAsync"/>.</summary>
    public string? Donors { get; init; }

    /// <summary>Score: the scoring model; null where the run names a segmenter of the user's own.</summary>
    public SegmenterModel? ScoringModel { get; init; }

    /// <summary>A sample as its record tells it.</summary>
    public static StageInput Of(string run, SampleRecord record) => new()
    {
        Run = run,
        Round = record.Round,
        Index = record.Index,
        Plan = record.Plan,
        Attempt = record.Attempt,
        Faults = record.Faults,
        Artifacts = record.Artifacts,
    };

    /// <summary>The address of an artifact that a stage before must have made.</summary>
    /// <exception cref="InvalidOperationException">There is none of this name.</exception>
    public string Artifact(string name)
    {
        foreach (var artifact in Artifacts)
            if (artifact.Name == name) return artifact.Hash;
        throw new InvalidOperationException($"Sample {Round}/{Index} has no artifact '{name}'.");
    }
}

/// <summary>How work on one sample ended.</summary>
public sealed record StageOutcome
{
    private StageOutcome(StageResult result) => Result = result;

    /// <summary>How it ended.</summary>
    public StageResult Result { get; }

    /// <summary>What was made: name (<see cref="ArtifactNames"/>) and address.</summary>
    public ImmutableArray<(string Name, string Hash)> Artifacts { get; private init; } = [];

    /// <summary>Small numbers about the work, such as <c>mask.threshold</c>.</summary>
    public ImmutableArray<SampleFact> Facts { get; private init; } = [];

    /// <summary>Score: mean IoU over the classes present, in [0, 1].</summary>
    public double? Score { get; private init; }

    /// <summary>Why it was rejected or faulted.</summary>
    public string? Reason { get; private init; }

    /// <summary>The stage is reached.</summary>
    public static StageOutcome Done(ImmutableArray<(string Name, string Hash)> artifacts, ImmutableArray<SampleFact> facts = default) =>
        new(StageResult.Done) { Artifacts = artifacts, Facts = facts.IsDefault ? [] : facts };

    /// <summary>The sample is scored.</summary>
    public static StageOutcome Scored(double score, ImmutableArray<(string Name, string Hash)> artifacts = default) =>
        new(StageResult.Done) { Artifacts = artifacts.IsDefault ? [] : artifacts, Score = score };

    /// <summary>The mask broke a rule: the sample starts again with the next seeds. Reasons are grouped for display: put numbers into facts.</summary>
    public static StageOutcome Rejected(string reason, ImmutableArray<SampleFact> facts = default) =>
        new(StageResult.Rejected) { Reason = reason, Facts = facts.IsDefault ? [] : facts };

    /// <summary>This sample could not be worked on.</summary>
    public static StageOutcome Fault(string reason) => new(StageResult.Fault) { Reason = reason };
}

/// <summary>Makes the runners of a silo's devices.</summary>
public interface IStageRunnerFactory
{
    /// <summary>Makes the runner of a device; called once a device. Models are loaded when the first batch needs them.</summary>
    /// <param name="device">The device's name, such as <c>cpu</c> or <c>cuda:1</c>.</param>
    IStageRunner Create(string device);
}
