namespace FreeMask.Diffusion.Schedulers;

/// <summary>How much a weighted sum takes of each vector of a step; 0 leaves a vector out.</summary>
public readonly record struct StepWeights
{
    /// <summary>Of the latent before the step.</summary>
    public double Latent { get; init; }

    /// <summary>Of the model's prediction, after guidance.</summary>
    public double Output { get; init; }

    /// <summary>Of the step's estimate (<see cref="SchedulerStep.Estimate"/>).</summary>
    public double Estimate { get; init; }

    /// <summary>Of the vector that was remembered last.</summary>
    public double Newest { get; init; }

    /// <summary>Of the vector that was remembered before <see cref="Newest"/>.</summary>
    public double Second { get; init; }

    /// <summary>Of the vector that was remembered before <see cref="Second"/>.</summary>
    public double Third { get; init; }

    /// <summary>Of the estimate less the vector that was remembered last, rounded to float32.</summary>
    public double Change { get; init; }

    /// <summary>Of standard normal noise, drawn for this step.</summary>
    public double Noise { get; init; }

    /// <summary>The weights in the order in which sums are made.</summary>
    internal double[] InOrder() => [Latent, Output, Estimate, Newest, Second, Third, Change, Noise];
}

/// <summary>Vectors of a step that later steps need.</summary>
[Flags]
public enum StepMemory
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The latent before the step.</summary>
    Latent = 1,

    /// <summary>The prediction after guidance.</summary>
    Output = 2,

    /// <summary>The estimate.</summary>
    Estimate = 4,
}

/// <summary>
/// One step of a sampler as sums of vectors, whoever makes them and wherever the vectors lie. Sums are made in double precision in the
/// order of
/// <see cref="StepWeights"/> and rounded to float32.
/// </summary>
public sealed record SchedulerStep
{
    /// <summary>Most vectors that are remembered; older ones are forgotten.</summary>
    internal const int MemoryLength = 3;

    /// <summary>The latent is multiplied with this to become the model's input.</summary>
    public double InputScale { get; init; } = 1;

    /// <summary>A vector that the step needs before its end: a clean latent, or a blend of predictions. It takes no estimate, change or
    /// noise.</summary>
    public StepWeights Estimate { get; init; }

    /// <summary>The estimate's values are clamped to +- this.</summary>
    public double Limit { get; init; } = double.PositiveInfinity;

    /// <summary>The latent after the step.</summary>
    public StepWeights Next { get; init; }

    /// <summary>What is remembered after the step: the latent first, then the output, then the estimate, which is the newest.</summary>
    public StepMemory Remembers { get; init; }

    /// <summary>Whether the step adds fresh noise.</summary>
    public bool NeedsNoise => Next.Noise != 0;

    /// <summary>A step to the sum of <paramref name="weight"/> times the clean latent and of <paramref name="others"/>.</summary>
    /// <param name="clean">What the clean latent takes of latent and output.</param>
    /// <param name="weight">Its share of the next latent.</param>
    /// <param name="others">The rest of the next latent.</param>
    /// <param name="clip">Whether the clean latent is clamped to +-1.</param>
    internal static SchedulerStep Through((double Latent, double Output) clean, double weight, StepWeights others, bool clip) =>
        clip
            ? new()
            {
                Estimate = new() { Latent = clean.Latent, Output = clean.Output },
                Limit = 1,
                Next = others with { Estimate = weight },
            }
            : new()
            {
                Next = others with { Latent = others.Latent + (weight * clean.Latent), Output = others.Output + (weight * clean.Output) },
            };
}
