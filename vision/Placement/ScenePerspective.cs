using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>
/// Where the ground of a scene ends and where its horizon lies, and so how tall things that stand there look: on level ground the height
/// of an object in the image is proportional to its real height and to the distance of its lower edge from the horizon,
/// h = h' (m / m') (b - v) / (b' - v), with h', m', b' those of an object that is present.
/// </summary>
/// <remarks>It needs the kind of the scene: without it the horizon is not known, and photographs of unknown scenes, where people sit and
/// things stand on tables, refute it more often than they confirm it (docs/experiments.md, Placement).</remarks>
internal sealed class ScenePerspective
{
    /// <summary>Two sizes that differ from what perspective predicts by a larger factor do not fit together. Less than the factor of 2 that
    /// the eye forgives, because specimens of a class differ in height too.</summary>
    internal const double MostOff = 1.6;

    // A hair below the end of the ground, where it is no place to stand on.
    private const double Margin = 0.03;

    // Nearer to the horizon the ratio of two distances is mostly the error of the horizon.
    private const double LeastDepth = 0.06;

    // What flies or stands is taken to stand if its lower edge is so far below the end of the ground.
    private const double ClearlyBelow = 0.1;

    // Parts of an object are at least this share of the box of the largest one; what is smaller is a fault of the mask.
    private const double LeastPart = 0.125;

    private readonly LabelSet _classes;
    private readonly SupportSurfaces _surfaces;
    private readonly List<(double Metres, double Height, double Depth)> _known = [];

    private ScenePerspective(double ground, double horizon, SupportSurfaces surfaces, LabelSet classes)
    {
        (Ground, Horizon) = (ground, horizon);
        (_surfaces, _classes) = (surfaces, classes);
    }

    /// <summary>The row where the ground ends, in image heights from the top; 1 where there is none.</summary>
    internal double Ground { get; }

    /// <summary>The row of the horizon, in image heights from the top: the eye's level, above the foot of a wall.</summary>
    internal double Horizon { get; }

    /// <summary>The perspective of a scene of the thesaurus.</summary>
    /// <param name="image">The image.</param>
    /// <param name="labels">Its labels, 0 where free.</param>
    /// <param name="scene">The thesaurus' name of the scene.</param>
    /// <param name="objects">What is in it.</param>
    /// <param name="classes">What is known of the classes.</param>
    internal static ScenePerspective Of(
        RgbImage image,
        LabelMap labels,
        string scene,
        IReadOnlyList<PlacedObject> objects,
        LabelSet classes
    )
    {
        var rule = SceneRules.Of(scene);
        var whole = Whole(objects);
        var ground = HorizonFinder.Find(image, labels, rule, whole, classes);
        var result = new ScenePerspective(ground, ground - rule.EyeLevel, rule.Surfaces, classes);
        foreach (var o in whole) result.Learn(o, image.Height);
        return result;
    }

    /// <summary>Masks may tear an object apart: what the image itself has of a class is one object, without fragments.</summary>
    private static List<PlacedObject> Whole(IReadOnlyList<PlacedObject> objects)
    {
        var whole = objects.Where(o => o.IsPasted).ToList();
        foreach (var parts in objects.Where(o => !o.IsPasted).GroupBy(o => o.ClassId))
        {
            var least = parts.Max(o => Area(o.Box)) * LeastPart;
            var large = parts.Where(o => Area(o.Box) >= least).ToArray();
            var cut = large.Aggregate(BorderSides.None, (sides, o) => sides | o.Cut);
            whole.Add(new PlacedObject(parts.Key, large.Select(o => o.Box).Aggregate((a, b) => a.Union(b)), cut));
        }

        return whole;
    }

    private static double Area(PixelBox box) => (double)box.Width * box.Height;

    /// <summary>Whether an object of a class may have this height and lower edge (both in image heights, of its solid part).</summary>
    internal bool Fits(byte classId, double height, double bottom)
    {
        var surfaces = _surfaces & _classes[classId].Supports;
        if (surfaces.HasFlag(SupportSurfaces.Air) && bottom <= Ground) return true;
        return (surfaces & ~SupportSurfaces.Air) != SupportSurfaces.None
            && bottom >= Ground + Margin
            && Math.Abs(Off(classId, height, bottom) ?? 0) <= Math.Log(MostOff);
    }

    /// <summary>
    /// The natural logarithm of the factor by which a height differs from what the objects present predict, for the one that it fits
    /// least; null where nothing is known of the class or of what is present.
    /// </summary>
    internal double? Off(byte classId, double height, double bottom)
    {
        if (_classes[classId].Metres is not { } metres || _known.Count == 0) return null;
        var depth = Math.Max(LeastDepth, bottom - Horizon);
        return _known
            .Select(k => Math.Log(height / (k.Height * (metres / k.Metres) * (depth / k.Depth))))
            .MaxBy(Math.Abs);
    }

    private void Learn(PlacedObject o, int imageHeight)
    {
        var item = _classes[o.ClassId];
        if (item.Metres is not { } metres || (o.Cut & (BorderSides.Top | BorderSides.Bottom)) != BorderSides.None) return;
        var bottom = (double)o.Box.Bottom / imageHeight;
        if (!SceneRules.Stands(item) && bottom < Ground + ClearlyBelow) return;
        _known.Add((metres, (double)o.Box.Height / imageHeight, Math.Max(LeastDepth, bottom - Horizon)));
    }
}
