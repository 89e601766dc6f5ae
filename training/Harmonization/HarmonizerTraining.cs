namespace FreeMask.Training.Harmonization;

/// <summary>How a harmonizer is trained.</summary>
internal sealed record HarmonizerTrainingRequest
{
    /// <summary>Names the initial weights, the pairs and which images are held out.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Optimizer steps.</summary>
    public int Steps { get; init; } = 4000;

    /// <summary>Pairs in a step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Learning rate at the start; it falls linearly to zero.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>AdamW's weight decay.</summary>
    public double WeightDecay { get; init; } = 0.02;

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 200;

    /// <summary>The share of the images that the gate is set on and that nothing else is learned from.</summary>
    public double HeldOut { get; init; } = 0.12;

    /// <summary>Pairs of held-out images that the gate is set on.</summary>
    public int ValidationPairs { get; init; } = 1024;

    /// <summary>The share of held-out pairs that the gate may make worse.</summary>
    public double MostWorse { get; init; } = 0.01;
}

/// <summary>How a trained harmonizer does on pairs of the images that were held out, on the statistics of their objects.</summary>
/// <param name="Pairs">Number of pairs.</param>
/// <param name="Ungated">Squared error of the corrected statistics by that of the composites, all predicted changes made.</param>
/// <param name="Gated">The same with the gate.</param>
/// <param name="Worse">The share of pairs that became worse with the gate.</param>
internal sealed record HarmonizerMeasure(int Pairs, double Ungated, double Gated, double Worse);
