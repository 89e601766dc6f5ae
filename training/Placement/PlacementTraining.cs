namespace FreeMask.Training.Placement;

/// <summary>How a placement model is trained.</summary>
internal sealed record PlacementTrainingRequest
{
    /// <summary>Names the initial weights, the samples and which images are held out, or the scenes.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Optimizer steps.</summary>
    public int Steps { get; init; } = 400;

    /// <summary>Samples in a step.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Side of the inputs in pixels, a multiple of 32.</summary>
    public int Size { get; init; } = 64;

    /// <summary>Channels of the stem where the training starts from nothing; with start weights they have theirs.</summary>
    public int Width { get; init; } = 16;

    /// <summary>Channels of the features that the classifier sees (512 in the public network).</summary>
    public int Features { get; init; } = 64;

    /// <summary>Learning rate at the start; it falls linearly to zero.</summary>
    public double LearningRate { get; init; } = 5e-4;

    /// <summary>Multiplies the learning rate of encoders that have start weights.</summary>
    public double EncoderRate { get; init; } = 0.2;

    /// <summary>AdamW's weight decay.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The weight of the feature mimicking; 0 without start weights, which are the teacher. FOPA's is 16, with a teacher that
    /// judges places; ImageNet's features only say what is in the picture.</summary>
    public double MimicWeight { get; init; } = 1;

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 50;

    /// <summary>The share of the images that nothing is learned from; the measure at the end is on them.</summary>
    public double HeldOut { get; init; } = 0.1;

    /// <summary>Samples of held-out images or scenes that are measured at the end.</summary>
    public int ValidationSamples { get; init; } = 256;
}

/// <summary>How a trained model does on samples of the images or scenes that were held out.</summary>
/// <param name="Samples">Number of samples, each an object at one size with several judged places.</param>
/// <param name="Auc">The share of pairs of a plausible and an implausible place in which the former scores higher.</param>
internal sealed record PlacementMeasure(int Samples, double Auc);
