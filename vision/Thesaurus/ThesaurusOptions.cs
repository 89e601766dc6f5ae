namespace FreeMask.Vision.Thesaurus;

/// <summary>How co-occurrence becomes a decision.</summary>
internal sealed record ThesaurusOptions
{
    /// <summary>The settings that the pipeline uses unless told otherwise.</summary>
    public static ThesaurusOptions Default { get; } = new();

    /// <summary>
    /// Smallest normalized co-occurrence R~ of an allowed class, in 0..1; the low end of its interval must reach it too. With the counts
    /// that ship, 0.01 allows all 39 pairs of the table in the released code of Free-Mask (docs/experiments.md).
    /// </summary>
    public double Threshold { get; init; } = 0.01;

    /// <summary>Fewest images whose captions mention class and scene together for the class to be allowed.</summary>
    public int MinimumSupport { get; init; } = 2;

    /// <summary>How often, relative to all images, a class must be named with the scene for a scene that contains it to vouch for it:
    /// R'(f, b) / (N(f) / N).</summary>
    public double MinimumLift { get; init; } = 0.1;

    /// <summary>Images below which a scene is too rare to vouch for the scenes that it contains.</summary>
    public int MinimumSceneImages { get; init; } = 20;

    /// <summary>Weight, in images, of the containing scene's rate in a scene's own rate.</summary>
    public double Smoothing { get; init; } = 10;
}
