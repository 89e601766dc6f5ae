using FreeMask.Vision.Affinity;
using FreeMask.Vision.Attention;
using FreeMask.Vision.Imaging;

namespace FreeMask.Training.Affinity;

/// <summary>What an affinity head learns from: a picture and its coarse map. No true mask.</summary>
/// <param name="Id">Its name in messages.</param>
/// <param name="Class">The class of the map, by VOC name.</param>
/// <param name="Image">The picture.</param>
/// <param name="Coarse">The class's attention map, on any grid.</param>
/// <param name="Self">The picture's self-attention.</param>
public sealed record AffinitySample(string Id, string Class, RgbImage Image, FloatMap Coarse, SelfAttentionGrid Self);

/// <summary>How affinity heads are trained.</summary>
public sealed record AffinityTrainingRequest
{
    /// <summary>The grid, the pairs and the walk; the rest is filled in.</summary>
    public AffinityConfig Config { get; init; } = new();

    /// <summary>Whether each class gets a head of its own, as in the paper, instead of one head for all.</summary>
    public bool PerClass { get; init; }

    /// <summary>Names the initial weights and the batches.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Optimiser steps of each head.</summary>
    public int Steps { get; init; } = 400;

    /// <summary>Pictures in a step.</summary>
    public int BatchSize { get; init; } = 4;

    /// <summary>Learning rate at the start; it falls linearly to zero.</summary>
    public double LearningRate { get; init; } = 3e-3;

    /// <summary>AdamW's weight decay.</summary>
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>Channels of the levels after their reduction.</summary>
    public IReadOnlyList<int> Widths { get; init; } = [32, 16, 16];

    /// <summary>
    /// The exponent of the strong background, which decides what is surely an object (<see cref="ClassScores.Confident"/>). Maps are centred first, so that 1 would be Otsu's
    /// cut; the 4 of PSA is for class activation maps.
    /// </summary>
    public double LowAlpha { get; init; } = 0.5;

    /// <summary>The exponent of the weak background, which decides what is surely background; 32 in PSA.</summary>
    public double HighAlpha { get; init; } = 4;
}
