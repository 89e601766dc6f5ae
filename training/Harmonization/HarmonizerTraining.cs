using FreeMask.Vision.Harmonization;

namespace FreeMask.Training.Harmonization;

/// <summary>What the trainings of all forms share.</summary>
internal abstract record HarmonizerRequest
{
    // The order of the members is that of the fingerprint of checkpoints.

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

    /// <summary>The share of the images that the model is measured on, which it does not learn from.</summary>
    public double HeldOut { get; init; } = 0.12;

    /// <summary>Pairs of held-out images that the model is measured on.</summary>
    public int ValidationPairs { get; init; } = 1024;
}

/// <summary>How a harmonizer of the form <see cref="StatisticsForm"/> is trained.</summary>
internal sealed record HarmonizerTrainingRequest : HarmonizerRequest
{
    /// <summary>The share of held-out pairs that the gate may make worse.</summary>
    public double MostWorse { get; init; } = 0.01;
}

/// <summary>How a RainNet is trained.</summary>
internal sealed record RainNetTrainingRequest : HarmonizerRequest
{
    /// <summary>Eight pairs a step: an image of all pixels tells more, and costs more, than six numbers do.</summary>
    public RainNetTrainingRequest() => (BatchSize, WeightDecay) = (8, 0);

    /// <summary>Channels of the first level. The public ones have 64 (54 million parameters), too many for photographs by the
    /// thousand and for processors; 16 and <see cref="Levels"/> of 7 make 2.6 million.</summary>
    public int Width { get; init; } = 16;

    /// <summary>How often the image is halved; its side is 2 to this power. 7, 128 pixels, cost a quarter of the public 256, and colors
    /// change slowly over an object.</summary>
    public int Levels { get; init; } = 7;
}

/// <summary>How a trained harmonizer does on pairs of the images that were held out.</summary>
/// <param name="Pairs">Number of pairs.</param>
/// <param name="Ungated">Squared error of what it makes by that of the composites, all predicted changes made: of the statistics of the
/// objects, or for a RainNet of their pixels.</param>
/// <param name="Gated">The same with the gate; a RainNet has none.</param>
/// <param name="Worse">The share of pairs that became worse, with the gate.</param>
internal sealed record HarmonizerMeasure(int Pairs, double Ungated, double Gated, double Worse);
