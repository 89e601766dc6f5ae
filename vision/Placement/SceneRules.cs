namespace FreeMask.Vision.Placement;

/// <summary>What a kind of scene offers.</summary>
/// <param name="Surfaces">What objects may rest on there.</param>
/// <param name="Horizon">Where the surface ends, in image heights from the top, when the image does not tell; 1 where there is
/// none.</param>
/// <param name="EyeLevel">How far above that end the eye's level lies, in image heights: the foot of a wall is no horizon.</param>
internal sealed record SceneRule(SupportSurfaces Surfaces, double Horizon, double EyeLevel = 0);

/// <summary>The contact rule: which classes rest on what, and which scenes offer it.</summary>
internal static class SceneRules
{
    private const SupportSurfaces Open = SupportSurfaces.Ground | SupportSurfaces.Air;

    private static readonly SceneRule Outdoors = new(Open, 0.48),
        Indoors = new(SupportSurfaces.Ground, 0.58, 0.25),
        TableTop = new(SupportSurfaces.TableTop, 0.4, 0.25);

    private static readonly Dictionary<string, SceneRule> Rules = new(StringComparer.Ordinal)
    {
        ["water"] = new(SupportSurfaces.Water | SupportSurfaces.Air, 0.36),
        ["harbor"] = new(SupportSurfaces.Water | SupportSurfaces.Air, 0.4),
        ["sky"] = new(SupportSurfaces.Air, 1),
        ["runway"] = new(Open | SupportSurfaces.Runway, 0.42),
        ["forest"] = new(SupportSurfaces.Ground, 0.58, 0.1),
        ["trees"] = new(Open, 0.5),
        ["mountain"] = new(Open, 0.5),
        ["table"] = TableTop,
        ["desk"] = TableTop,
        ["indoors"] = Indoors,
        ["room"] = Indoors,
        ["living room"] = Indoors,
        ["dining room"] = Indoors,
        ["bedroom"] = Indoors,
        ["kitchen"] = Indoors,
        ["bathroom"] = Indoors,
        ["office"] = Indoors,
        ["restaurant"] = Indoors,
        ["store"] = Indoors,
        ["floor"] = new(SupportSurfaces.Ground, 0.3, 0.25),
    };

    /// <summary>The rule of a scene of the thesaurus; scenes without their own are open ground under a sky.</summary>
    public static SceneRule Of(string? scene) => scene is not null && Rules.TryGetValue(scene, out var rule) ? rule : Outdoors;

    /// <summary>Whether the scene offers anything that the class can rest on.</summary>
    public static bool Fits(string? scene, LabelClass item) => (Of(scene).Surfaces & item.Supports) != SupportSurfaces.None;

    /// <summary>Whether a class always touches what it rests on, so that its lower edge shows where that is.</summary>
    public static bool Stands(LabelClass item) => (item.Supports & SupportSurfaces.Air) == SupportSurfaces.None;
}
