namespace FreeMask.Vision.Thesaurus;

/// <summary>How co-occurrence becomes a decision.</summary>
internal sealed record ThesaurusOptions
{
    /// <summary>The settings that the pipeline uses unless told otherwise.</summary>
    public static ThesaurusOptions Default { get; } = new();

    /// <summary>Smallest normalized co-occurrence R~ of an allowed class, in 0..1.</summary>
    public double Threshold { get; init; } = 0.03;

    /// <summary>Smallest R~ of a class that is typical of the scene (see <see cref="TypicalLift"/>): rare classes never come near the
    /// commonest one.</summary>
    public double TypicalThreshold { get; init; } = 0.01;

    /// <summary>How often, relative to all captions, a class must be named with the scene to be typical of it: R(f, b) / (N(f) /
    /// N).</summary>
    public double TypicalLift { get; init; } = 0.75;

    /// <summary>Fewest captions that mention class and scene together for the class to be allowed.</summary>
    public int MinimumSupport { get; init; } = 2;

    /// <summary>Captions below which a scene is too rare to vouch for itself: support is then looked for in the scene that contains
    /// it.</summary>
    public int MinimumSceneCaptions { get; init; } = 100;

    /// <summary>Weight, in captions, of the containing scene's rate in a scene's own rate.</summary>
    public double Smoothing { get; init; } = 25;
}
