using System.Globalization;
using FreeMask.Imaging;

namespace FreeMask.Vision.Masking;

/// <summary>Why a mask was refused.</summary>
internal enum MaskRejectionKind
{
    /// <summary>The coarse map is flat: it points nowhere.</summary>
    Flat,

    /// <summary>Too little of the image.</summary>
    TooSmall,

    /// <summary>Too much of the image.</summary>
    TooLarge,

    /// <summary>Runs along too much of the border.</summary>
    AlongBorder,

    /// <summary>The map does not separate the object well enough.</summary>
    Unsure,

    /// <summary>Too many parts.</summary>
    Fragmented,
}

/// <summary>A refusal.</summary>
/// <param name="Kind">Which rule was broken.</param>
/// <param name="Measured">What was measured: a share of 0..1, or a number of parts.</param>
/// <param name="Limit">What the rule allows.</param>
internal sealed record MaskRejection(MaskRejectionKind Kind, double Measured, double Limit)
{
    /// <summary>The rule in words, without numbers, so that equal reasons can be counted.</summary>
    public string Reason => Kind switch
    {
        MaskRejectionKind.Flat => "the attention map is flat",
        MaskRejectionKind.TooSmall => "the object is too small",
        MaskRejectionKind.TooLarge => "the object is too large",
        MaskRejectionKind.AlongBorder => "the object runs along the border",
        MaskRejectionKind.Unsure => "the mask is not certain enough",
        _ => "the object is in too many parts",
    };

    /// <summary>The rule in words with its numbers.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Reason} ({Measured:0.###}, limit {Limit:0.###})");
}

/// <summary>What the mask stage found in one image.</summary>
/// <param name="Labels">The class inside, 0 outside, 255 where the outline is undecided; of the image's size.</param>
/// <param name="Probability">The cleaned map in 0..1.</param>
/// <param name="Threshold">The cut of the coarse map that was used.</param>
/// <param name="Confidence">0..1, see <see cref="MaskStage"/>.</param>
/// <param name="Rejection">Why the mask must not be used, or null.</param>
internal sealed record MaskResult(LabelMap Labels, FloatMap Probability, float Threshold, float Confidence, MaskRejection? Rejection);
