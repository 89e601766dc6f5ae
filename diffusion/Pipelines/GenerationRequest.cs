using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Imaging;

namespace FreeMask.Diffusion.Pipelines;

/// <summary>Names an image's random streams: run seed, sample index, attempt (see <see cref="Randomness.CounterRandom"/>).</summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Index">The sample.</param>
/// <param name="Attempt">How often it was redone.</param>
public readonly record struct NoiseKey(ulong Seed, long Index, int Attempt)
{
    internal Randomness.CounterRandom Open(string purpose) => new(Seed, Index, Attempt, purpose);
}

/// <summary>One image to draw.</summary>
public sealed record GenerationRequest
{
    /// <summary>What to draw.</summary>
    public required string Prompt { get; init; }

    /// <summary>What to avoid; null means none, for which XL models take zeros instead of an encoded empty text.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>Words or phrases of the prompt whose attention is captured, such as <c>dining table</c>; may be empty.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Where the image's noise comes from.</summary>
    public required NoiseKey Noise { get; init; }

    /// <summary>Sampling steps; null takes 25, or 4 for latent consistency models.</summary>
    public int? Steps { get; init; }

    /// <summary>Guidance scale; above 1 the text-free prediction is computed too. Null takes 7.5.</summary>
    public float? Guidance { get; init; }

    /// <summary>Share of the guided prediction that is rescaled to the conditional one's deviation (Lin et al. 2024, section 3.4),
    /// 0..1.</summary>
    public float GuidanceRescale { get; init; }

    /// <summary>Another scheduler than the model's own.</summary>
    public SchedulerConfig? Scheduler { get; init; }

    /// <summary>Image width in pixels; null takes the model's.</summary>
    public int? Width { get; init; }

    /// <summary>Image height in pixels; null takes the model's.</summary>
    public int? Height { get; init; }
}

/// <summary>Which attention is recorded.</summary>
public sealed record CaptureOptions
{
    /// <summary>The first sampling step that counts, as a share of all steps. Default 0.</summary>
    public double WindowStart { get; init; }

    /// <summary>The end of the steps that count, as a share of all steps. Default 1.</summary>
    public double WindowEnd { get; init; } = 1;

    /// <summary>
    /// If set, attention is taken not while sampling but from one further call on the finished latent, re-noised to this training timestep,
    /// with the prompt alone.
    /// </summary>
    public int? RenoiseTimestep { get; init; }

    /// <summary>Whether self-attention is recorded too (at the two largest grids whose shorter side is at most 32).</summary>
    public bool SelfAttention { get; init; } = true;

    /// <summary>What a preset needs.</summary>
    public static CaptureOptions For(AttentionPreset preset)
    {
        ArgumentNullException.ThrowIfNull(preset);
        return new() { RenoiseTimestep = preset.RenoiseTimestep, SelfAttention = preset.SelfPower > 0 };
    }
}

/// <summary>A drawn image.</summary>
/// <param name="Image">The pixels.</param>
/// <param name="Attention">What was captured for the request's classes.</param>
/// <param name="Latent">The final latent [channels, height, width] in the U-Net's scale.</param>
/// <param name="Warnings">Things that the user should know, such as the end of a prompt that was cut off.</param>
public sealed record GenerationResult(RgbImage Image, AttentionRecord Attention, float[] Latent, IReadOnlyList<string> Warnings);
