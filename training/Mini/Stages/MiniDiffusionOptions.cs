using FreeMask.Training.Torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>Everything that decides what the training of the mini bundle makes.</summary>
internal sealed record MiniDiffusionOptions
{
    /// <summary>Where checkpoints and intermediate results live; a second run with the same folder continues.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>The folder that <c>infra/art/fetch.sh</c> filled.</summary>
    public required string ArtDirectory { get; init; }

    /// <summary>Where the bundle is written.</summary>
    public required string OutputDirectory { get; init; }

    /// <summary>Names the scenes, initial weights, batches and noise.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads of the tensor library.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Arithmetic of the passes.</summary>
    public TrainingPrecision Precision { get; init; } = TrainingPrecision.BFloat16;

    /// <summary>Optimizer steps of the autoencoder.</summary>
    public int AutoEncoderSteps { get; init; } = 4000;

    /// <summary>Scenes per step of the autoencoder.</summary>
    public int AutoEncoderBatch { get; init; } = 16;

    /// <summary>Channels of the autoencoder at 64x64, 32x32 and 16x16.</summary>
    public (int Fine, int Middle, int Coarse) AutoEncoderWidths { get; init; } = (32, 64, 96);

    /// <summary>Scenes whose latents the U-Net is trained on.</summary>
    public int Scenes { get; init; } = 40_000;

    /// <summary>Optimizer steps of text encoder and U-Net; may be changed when a run continues (the schedule follows the new
    /// total).</summary>
    public int DiffusionSteps { get; init; } = 60_000;

    /// <summary>Latents per step of the U-Net.</summary>
    public int DiffusionBatch { get; init; } = 16;

    /// <summary>Channels of the U-Net at 16x16 and 8x8.</summary>
    public (int Fine, int Coarse) DiffusionWidths { get; init; } = (64, 128);

    /// <summary>Optimizer steps of the classification backbone.</summary>
    public int BackboneSteps { get; init; } = 600;

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 500;

    /// <summary>
    /// Steps between two looks at the U-Net (samples, attention on held-out scenes) and provisional exports; a multiple of
    /// <see cref="CheckpointEvery"/>, or 0 for never.
    /// </summary>
    public int InspectEvery { get; init; } = 4000;

    /// <summary>Steps between two lines of progress.</summary>
    public int LogEvery { get; init; } = 100;
}
