using System.Collections.Immutable;
using FreeMask.Grains.Artifacts;

namespace FreeMask.Grains.Stages;

/// <summary>Trains and evaluates segmenters. Implementations do not call grains.</summary>
internal interface ISegmenterTraining
{
    /// <summary>Why this silo cannot train for a run, to show to users; null where it can.</summary>
    string? Refuse(RunSpec spec) => null;

    /// <summary>
    /// What jobs of a run need and this silo does not have, such as a data set that the run names, to show to users; null where nothing is
    /// missing. The first answer takes as long as hashing the data.
    /// </summary>
    Task<string?> FindLackAsync(RunSpec spec, JobKind kind, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>Trains a model. Equal requests give equal models, interrupted or not.</summary>
    /// <exception cref="SiloLacksDataException">Data that the run names are not on this silo, or differ here.</exception>
    /// <exception cref="FreeMask.FreeMaskException">The training is not possible; the message is shown to the user.</exception>
    Task<SegmenterModel> TrainAsync(TrainingRequest request, ITrainingMonitor monitor, CancellationToken cancellationToken);

    /// <summary>Evaluates the segmenter that trainings of a run start from; null where they start without one.</summary>
    /// <exception cref="SiloLacksDataException">Data that the run names are not on this silo, or differ here.</exception>
    /// <exception cref="FreeMask.FreeMaskException">The evaluation is not possible; the message is shown to the user.</exception>
    Task<SegmenterQuality?> EvaluateStartAsync(RunSpec spec, ITrainingMonitor monitor, CancellationToken cancellationToken) =>
        Task.FromResult<SegmenterQuality?>(null);

    /// <summary>Evaluates a model on the data set that the specification names.</summary>
    /// <exception cref="SiloLacksDataException">Data that the run names are not on this silo, or differ here.</exception>
    /// <exception cref="FreeMask.FreeMaskException">The evaluation is not possible; the message is shown to the user.</exception>
    Task<SegmenterQuality> EvaluateAsync(RunSpec spec, SegmenterModel model, ITrainingMonitor monitor, CancellationToken cancellationToken);
}

/// <summary>What to train.</summary>
/// <param name="Spec">What the run makes; batch, learning rate and starting weights are in <see cref="RunSpec.Training"/>.</param>
/// <param name="Examples">Training images and labels, in a fixed order.</param>
/// <param name="Seed">The seed of this training.</param>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="Checkpoint">The checkpoint to continue from; null to start from the beginning.</param>
internal sealed record TrainingRequest(
    RunSpec Spec,
    IReadOnlyList<TrainingExample> Examples,
    ulong Seed,
    int Steps,
    TrainingCheckpoint? Checkpoint
);

/// <summary>An image and its label map, by content.</summary>
/// <param name="Image">The image's hash.</param>
/// <param name="Label">The label map's hash.</param>
internal readonly record struct TrainingExample(string Image, string Label);

/// <summary>A checkpoint: everything needed to continue as if uninterrupted.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Artifact">The hash of weights, optimizer state and everything else that the training needs, or of the list of its
/// pieces.</param>
/// <param name="Pieces">The hashes of its pieces; empty where it is one artifact.</param>
internal sealed record TrainingCheckpoint(int Step, string Artifact, ImmutableArray<string> Pieces = default)
{
    /// <summary>Its content.</summary>
    public PiecedArtifact Content => new(Artifact, Pieces.IsDefault ? [] : Pieces);
}

/// <summary>Receives progress and checkpoints of a training.</summary>
internal interface ITrainingMonitor
{
    /// <summary>Reports progress. Cheap; call it at every step.</summary>
    void Report(int step, int steps, double? loss);

    /// <summary>Records a checkpoint whose artifact is in the store; completes when it is durable.</summary>
    Task SaveAsync(TrainingCheckpoint checkpoint, CancellationToken cancellationToken);
}
