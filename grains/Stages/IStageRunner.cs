using System.Collections.Immutable;

namespace FreeMask.Grains.Stages;

/// <summary>
/// Executes stages on one device. Implementations read and write the artifact store and keep their model sessions; they do not call
/// grains. One instance serves one device; calls may overlap if the device allows it.
/// </summary>
internal interface IStageRunner
{
    /// <summary>Processes samples of one run.</summary>
    /// <param name="stage">The stage; all inputs are in the state before it.</param>
    /// <param name="spec">What the run makes.</param>
    /// <param name="inputs">At most <see cref="StageDefinition.BatchSize"/> samples. The result of one must not depend on the
    /// others.</param>
    /// <param name="cancellationToken">Cancelled when the device stops.</param>
    /// <returns>One outcome for each input, in the same order. Artifacts that they name are in the store.</returns>
    /// <exception cref="FreeMask.FreeMaskException">The model or a setting is at fault, so that no sample of the run can be processed. The
    /// message is shown to the user.</exception>
    /// <exception cref="Artifacts.ArtifactStoreException">The store failed: the batch is retried.</exception>
    /// <exception cref="Exception">
    /// Any other error: the samples are retried one by one, so that a poison sample does not affect the others; if several are tried and
    /// all fail, the model is at fault.
    /// </exception>
    Task<IReadOnlyList<StageOutcome>> RunAsync(
        Stage stage,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    );
}

/// <summary>A sample to process.</summary>
internal sealed record StageInput
{
    /// <summary>The run's id.</summary>
    public required string Run { get; init; }

    /// <summary>The round.</summary>
    public required int Round { get; init; }

    /// <summary>The index within the round.</summary>
    public required int Index { get; init; }

    /// <summary>Class, background, prompt, seed and stream.</summary>
    public required SamplePlan Plan { get; init; }

    /// <summary>The attempt: part of the key of every random stream.</summary>
    public required int Attempt { get; init; }

    /// <summary>Faults in this state and attempt so far.</summary>
    public int Faults { get; init; }

    /// <summary>Artifacts of the stages before.</summary>
    public ImmutableArray<ArtifactReference> Artifacts { get; init; } = [];

    /// <summary>Compose: the donor snapshot; read it with <see cref="Artifacts.SampleLists.ReadSnapshotAsync"/>.</summary>
    public string? Donors { get; init; }

    /// <summary>Score: the scoring model; null where the run names a segmenter of the user's own.</summary>
    public SegmenterModel? ScoringModel { get; init; }

    /// <summary>Makes the input of a stage from a record.</summary>
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

    /// <summary>The hash of an artifact that a stage before must have made.</summary>
    /// <exception cref="InvalidOperationException">There is none of this name.</exception>
    public string Artifact(string name)
    {
        foreach (var artifact in Artifacts)
            if (artifact.Name == name) return artifact.Hash;
        throw new InvalidOperationException($"Sample {Round}/{Index} has no artifact '{name}'.");
    }
}

/// <summary>The outcome of a stage for one sample.</summary>
internal sealed record StageOutcome
{
    private StageOutcome(StageResult result) => Result = result;

    /// <summary>How it ended.</summary>
    public StageResult Result { get; }

    /// <summary>Artifacts: name (<see cref="ArtifactNames"/>) and hash.</summary>
    public ImmutableArray<(string Name, string Hash)> Artifacts { get; private init; } = [];

    /// <summary>Numbers about the result, such as <c>mask.threshold</c>.</summary>
    public ImmutableArray<SampleFact> Facts { get; private init; } = [];

    /// <summary>The places that were tried for each pasted object.</summary>
    public ImmutableArray<ObjectPlaces> Places { get; private init; } = [];

    /// <summary>The score, by the criterion of the run, in [0, 1].</summary>
    public double? Score { get; private init; }

    /// <summary>Why it was rejected or faulted.</summary>
    public string? Reason { get; private init; }

    /// <summary>The stage is done.</summary>
    public static StageOutcome Done(ImmutableArray<(string Name, string Hash)> artifacts, ImmutableArray<SampleFact> facts = default) =>
        new(StageResult.Done) { Artifacts = artifacts, Facts = facts.IsDefault ? [] : facts };

    /// <summary>The sample is composed.</summary>
    public static StageOutcome Composed(
        ImmutableArray<(string Name, string Hash)> artifacts,
        ImmutableArray<SampleFact> facts,
        ImmutableArray<ObjectPlaces> places
    ) =>
        new(StageResult.Done) { Artifacts = artifacts, Facts = facts, Places = places };

    /// <summary>The sample is scored.</summary>
    public static StageOutcome Scored(
        double score,
        ImmutableArray<(string Name, string Hash)> artifacts = default,
        ImmutableArray<SampleFact> facts = default
    ) =>
        new(StageResult.Done)
        {
            Artifacts = artifacts.IsDefault ? [] : artifacts,
            Facts = facts.IsDefault ? [] : facts,
            Score = score,
        };

    /// <summary>
    /// The mask was rejected: the sample starts again with the next attempt. Equal reasons are counted together, so numbers belong into
    /// facts.
    /// </summary>
    public static StageOutcome Rejected(string reason, ImmutableArray<SampleFact> facts = default) =>
        new(StageResult.Rejected) { Reason = reason, Facts = facts.IsDefault ? [] : facts };

    /// <summary>The sample faulted.</summary>
    public static StageOutcome Fault(string reason) => new(StageResult.Fault) { Reason = reason };
}

/// <summary>Creates the stage runners of a silo's devices.</summary>
internal interface IStageRunnerFactory
{
    /// <summary>
    /// Creates the runner of a device; called once for each device. Models are loaded for the first batch that needs them.
    /// </summary>
    /// <param name="device">The device's name, such as <c>cpu</c> or <c>cuda:1</c>.</param>
    IStageRunner Create(string device);
}
