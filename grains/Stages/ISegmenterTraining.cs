namespace FreeMask.Grains.Stages;

/// <summary>Trains and measures segmenters. Knows nothing of grains.</summary>
public interface ISegmenterTraining
{
    /// <summary>Trains a model. The same request makes the same model, interrupted or not.</summary>
    /// <exception cref="FreeMask.FreeMaskException">It cannot be trained so; the message reaches the user.</exception>
    Task<SegmenterModel> TrainAsync(TrainingRequest request, ITrainingMonitor monitor, CancellationToken cancellationToken);

    /// <summary>Measures a model on the data set that the specification names.</summary>
    /// <exception cref="FreeMask.FreeMaskException">It cannot be measured so; the message reaches the user.</exception>
    Task<SegmenterQuality> EvaluateAsync(RunSpec spec, SegmenterModel model, ITrainingMonitor monitor, CancellationToken cancellationToken);
}

/// <summary>What to train.</summary>
/// <param name="Spec">What the run makes; batch, learning rate and starting weights are in <see cref="RunSpec.Training"/>.</param>
/// <param name="Examples">What to learn from, in an order that never changes.</param>
/// <param name="Seed">The seed of this training.</param>
/// <param name="Steps">Optimiser steps.</param>
/// <param name="Checkpoint">Where an earlier try stopped; null to start from the beginning.</param>
public sealed record TrainingRequest(RunSpec Spec, IReadOnlyList<TrainingExample> Examples, ulong Seed, int Steps, TrainingCheckpoint? Checkpoint);

/// <summary>An image and its label map, by content.</summary>
/// <param name="Image">The image's hash.</param>
/// <param name="Label">The label map's hash.</param>
public readonly record struct TrainingExample(string Image, string Label);

/// <summary>A training that stopped: everything needed to go on as if it had not.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Artifact">The hash of weights, optimiser and whatever else the training keeps.</param>
public sealed record TrainingCheckpoint(int Step, string Artifact);

/// <summary>What a training tells while it works.</summary>
public interface ITrainingMonitor
{
    /// <summary>How far it is. Cheap; call it every step.</summary>
    void Report(int step, int steps, double? loss);

    /// <summary>Keeps a checkpoint whose artifact is in the store; returns when it is durable.</summary>
    Task SaveAsync(TrainingCheckpoint checkpoint, CancellationToken cancellationToken);
}
