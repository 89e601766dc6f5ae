using FreeMask.Diffusion.Attention;
using FreeMask.Imaging;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Masking;

namespace FreeMask.Training.Affinity;

/// <summary>What an affinity head learns from: the features of an image, and the labels of the cells that its coarse map is sure of. No
/// true mask.</summary>
/// <param name="Id">Its name in messages.</param>
/// <param name="Class">The class of the map, by VOC name.</param>
/// <param name="Levels">Features (<see cref="AffinityFeatures"/>).</param>
/// <param name="Labels">On the features' grid: 1 object, 0 background, 255 unsure.</param>
internal sealed record AffinityExample(string Id, string Class, IReadOnlyList<FeatureMap> Levels, LabelMap Labels)
{
    // As DiffuMask prepares its labels (aff_prepare.py): a coarse map's edges lie beside the object's, a dense CRF brings them there.
    private static readonly MaskOptions Cleaning = new() { Refinement = MaskRefinementMethod.DenseCrf, ColorWeight = 0 };

    /// <summary>Makes an example.</summary>
    /// <param name="request">The grid, and when a map is sure.</param>
    /// <param name="id">Its name in messages.</param>
    /// <param name="className">The class of the map, by VOC name.</param>
    /// <param name="image">The image.</param>
    /// <param name="coarse">The class's attention map, on any grid.</param>
    /// <param name="self">The image's self-attention.</param>
    /// <returns>Null where the map is flat.</returns>
    public static AffinityExample? From(
        AffinityTrainingRequest request,
        string id,
        string className,
        RgbImage image,
        FloatMap coarse,
        SelfAttentionGrid self
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        var (width, height) = AffinityFeatures.Grid(image, request.Config.Side);
        var cleaned = MaskStage.Run(image, coarse, classId: 1, Cleaning);
        if (cleaned.Rejection is { Kind: MaskRejectionKind.Flat }) return null;
        var map = Resampling.Resize(cleaned.Probability, width, height, ResamplingFilter.Area);
        var labels = ClassScores.Confident([map], request.LowAlpha, request.HighAlpha).Labels;
        return new AffinityExample(id, className, AffinityFeatures.Extract(image, self, request.Config.Side), labels);
    }

    internal bool HasShapeOf(AffinityExample other) =>
        Levels.Zip(other.Levels).All(l => (l.First.Width, l.First.Height) == (l.Second.Width, l.Second.Height));
}

/// <summary>How affinity heads are trained.</summary>
internal sealed record AffinityTrainingRequest
{
    /// <summary>The grid, the pairs and the walk; the rest is filled in.</summary>
    public AffinityConfig Config { get; init; } = new();

    /// <summary>Whether each class gets a head of its own, as in the paper, instead of one head for all.</summary>
    public bool PerClass { get; init; }

    /// <summary>Names the initial weights and the batches.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Optimizer steps of each head.</summary>
    public int Steps { get; init; } = 400;

    /// <summary>Images in a step.</summary>
    public int BatchSize { get; init; } = 4;

    /// <summary>Learning rate at the start; it falls linearly to zero.</summary>
    public double LearningRate { get; init; } = 3e-3;

    /// <summary>AdamW's weight decay.</summary>
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>Channels of the levels after their reduction.</summary>
    public IReadOnlyList<int> Widths { get; init; } = [32, 16, 16];

    /// <summary>
    /// The exponent of the strong background, which decides what is surely an object (<see cref="ClassScores.Confident"/>). Maps are
    /// centered and cleaned first, so that 1 would be the middle; the 4 of PSA is for class activation maps.
    /// </summary>
    public double LowAlpha { get; init; } = 0.5;

    /// <summary>The exponent of the weak background, which decides what is surely background; 32 in PSA.</summary>
    public double HighAlpha { get; init; } = 4;
}
