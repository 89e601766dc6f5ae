using FreeMask.Vision.Affinity;

namespace FreeMask.Vision.Masking;

/// <summary>What makes the borders of a coarse map follow the image.</summary>
internal enum MaskRefinementMethod
{
    /// <summary>Nothing: the map is only enlarged.</summary>
    None,

    /// <summary>Guided filter.</summary>
    GuidedFilter,

    /// <summary>Pixel-adaptive mask refinement.</summary>
    Pamr,

    /// <summary>Dense CRF.</summary>
    DenseCrf,
}

/// <summary>How a map becomes a mask.</summary>
internal enum MaskThreshold
{
    /// <summary>Otsu's cut per image: of the coarse map before the refinement, and of the refined map after it.</summary>
    Otsu,

    /// <summary>
    /// DiffuMask's cut per image (Wu et al., ICCV 2023, <c>curve_threshold.py</c>): of the cuts 0.35, 0.36 ... 0.54 of the coarse map the
    /// one whose cleaned mask agrees best (IoU) with the refined map.
    /// </summary>
    Adaptive,

    /// <summary>The same cut of the coarse map for all images: <see cref="MaskOptions.FixedThreshold"/>.</summary>
    Fixed,
}

/// <summary>
/// Settings of the mask stage. Lengths are in pixels of an image whose shorter side has 128, and grow with it; only PAMR's distances do
/// not.
/// </summary>
internal sealed record MaskOptions
{
    /// <summary>The threshold rule.</summary>
    public MaskThreshold Threshold { get; init; } = MaskThreshold.Otsu;

    /// <summary>The cut of <see cref="MaskThreshold.Fixed"/>, in 0..1.</summary>
    public float FixedThreshold { get; init; } = 0.5f;

    /// <summary>Weight of the log odds of a pixel's color (<see cref="ColorPosterior"/>), before the refinement; 0 leaves colors
    /// out.</summary>
    public double ColorWeight { get; init; } = 1;

    /// <summary>The refinement.</summary>
    public MaskRefinementMethod Refinement { get; init; } = MaskRefinementMethod.Pamr;

    /// <summary>PAMR's settings.</summary>
    public PamrOptions Pamr { get; init; } = new() { Iterations = 20 };

    /// <summary>The guided filter's radius.</summary>
    public float GuidedRadius { get; init; } = 8;

    /// <summary>The guided filter's epsilon.</summary>
    public double GuidedEpsilon { get; init; } = 1e-3;

    /// <summary>The CRF's settings. Weights fit for 500 pixels erase small objects at 128; these are gentler.</summary>
    public DenseCrfOptions Crf { get; init; } =
        new()
        {
            GaussianWeight = 1,
            BilateralWeight = 3,
            BilateralSigma = 20,
            ColorSigma = 13,
            Iterations = 5,
        };

    /// <summary>Pixels this near to the outline become 255 where the cleaned map is undecided; 0 makes no band.</summary>
    public float IgnoreBandRadius { get; init; } = 1;

    /// <summary>"Undecided" means within this of the threshold.</summary>
    public float IgnoreBand { get; init; } = 0.2f;

    /// <summary>Parts smaller than this share of the object are removed.</summary>
    public float SmallestPart { get; init; } = 0.05f;

    /// <summary>Holes smaller than this share of the object are filled.</summary>
    public float LargestHole { get; init; } = 0.05f;

    /// <summary>When a mask is refused.</summary>
    public MaskRules Rules { get; init; } = new();
}

/// <summary>Limits outside of which a mask is refused and the sample is generated again.</summary>
internal sealed record MaskRules
{
    /// <summary>Smallest share of the image.</summary>
    public float MinArea { get; init; } = 0.015f;

    /// <summary>Largest share of the image.</summary>
    public float MaxArea { get; init; } = 0.9f;

    /// <summary>
    /// Largest share of the image's border that the object may cover. A mask that has spread over the ground covers the lowest row and the
    /// lower part of both sides: 0.41 or more in 13 of 376 generated images of the mini bundle, all of them wrong; the others cover 0.18
    /// at most.
    /// </summary>
    public float MaxBorder { get; init; } = 0.4f;

    /// <summary>Smallest confidence (see <see cref="MaskStage"/>).</summary>
    public float MinConfidence { get; init; } = 0.7f;

    /// <summary>Most parts that may remain.</summary>
    public int MaxParts { get; init; } = 6;
}
