using FreeMask.Training.Mini.Scenes;
using FreeMask.Vision;
using FreeMask.Vision.Placement;

namespace FreeMask.Training.Placement;

/// <summary>What the geometry of a rendered scene says of a place.</summary>
internal enum PlaceFit
{
    /// <summary>The object could be there: footing, size and what it covers are right.</summary>
    Right,

    /// <summary>Neither clearly right nor clearly wrong.</summary>
    Unclear,

    /// <summary>It floats, or its size is wrong, or it covers another object.</summary>
    Wrong,
}

/// <summary>An object of a rendered scene (<see cref="ScenePair"/>), and which other places in the scene would be right for it. Lengths are
/// pixels of the scene.</summary>
internal sealed class SceneCase
{
    /// <summary>What has its lower edge so far above the end of the ground has no footing, in image heights.</summary>
    internal const double Margin = 0.03;

    private static readonly double MostRight = Math.Log(1.25), LeastWrong = Math.Log(ScenePerspective.MostOff);

    // Nearer to the horizon a distance from it says little. Shares of the smaller box that another one may cover.
    private const double LeastDepth = 0.06, MostCovered = 0.2, Covered = 0.5;

    private readonly PixelBox[] _others;
    private readonly double _horizon, _eye;
    private readonly bool _canFly, _canStand;

    private SceneCase(ScenePair pair, Cutout cutout)
    {
        var (side, kind) = (pair.With.Image.Height, pair.With.Kind);
        (Cutout, Kind, Flies, Side) = (cutout, kind, pair.Flies, side);
        ClassId = (byte)pair.With.Objects[pair.Object];
        (_horizon, _eye) = (pair.Horizon, PerspectivePlacements.EyeRow(kind, pair.Horizon));
        _others =
        [
            .. Enumerable.Range(1, pair.Without.Objects.Count).Select(n => PixelBox.Of(pair.Without.Instances, label => label == n)),
        ];
        var surfaces = PerspectivePlacements.SurfacesOf(kind) & LabelSet.Voc[ClassId].Supports;
        (_canFly, _canStand) = (surfaces.HasFlag(SupportSurfaces.Air), (surfaces & ~SupportSurfaces.Air) != SupportSurfaces.None);
    }

    /// <summary>The object with its exact mask.</summary>
    internal Cutout Cutout { get; }

    /// <summary>Its class in VOC's label set.</summary>
    internal byte ClassId { get; }

    /// <summary>The surroundings.</summary>
    internal SceneKind Kind { get; }

    /// <summary>Whether it is in the air.</summary>
    internal bool Flies { get; }

    /// <summary>Width and height of the scene.</summary>
    internal int Side { get; }

    /// <summary>Where its cutout is in the scene.</summary>
    internal PixelBox Truth => Cutout.Source;

    /// <summary>The visible parts of the other objects.</summary>
    internal IReadOnlyList<PixelBox> Others => _others;

    /// <summary>The row above which nothing stands.</summary>
    internal double FloatingAbove => _horizon - (Margin * Side);

    /// <summary>Whether it has no footing above the ground.</summary>
    internal bool MayFloat => !_canFly;

    /// <summary>The case of a scene; null where less than a hundredth of the image shows the object.</summary>
    internal static SceneCase? Of(ScenePair pair)
    {
        var mask = pair.Mask;
        var area = mask.Labels.Count(label => label != 0);
        return area * 100 >= mask.Labels.Length && Cutout.Whole(pair.With.Image, mask, 1) is { Cut: BorderSides.None } cutout
            ? new(pair, cutout)
            : null;
    }

    /// <summary>Whether a kind of surroundings offers nothing that the object can rest on.</summary>
    internal bool IsOutOfPlaceIn(SceneKind kind) => !SceneRules.Fits(kind.Word(), LabelSet.Voc[ClassId]);

    /// <summary>The size of the cutout if the object were larger by a factor.</summary>
    internal (int Height, int Width) SizeAt(double factor) => (
        Math.Max(1, (int)((Cutout.Height * factor) + 0.5)), Math.Max(1, (int)((Cutout.Width * factor) + 0.5)));

    /// <summary>The lowest row of the object where its cutout fills a box.</summary>
    internal double BottomIn(PixelBox box) => box.Y + (Cutout.Solid.Bottom * box.Height);

    /// <summary>What is known of a place.</summary>
    internal PlaceFit Judge(PixelBox box)
    {
        var covered = _others.Length == 0 ? 0 : _others.Max(other => Covering(box, other));
        var (bottom, size) = (BottomIn(box), Math.Log((double)box.Height / Cutout.Height));
        PlaceFit rest;
        if (bottom >= _horizon + (Margin * Side))
            // A bird that flies in its scene may stand there too, at a size that nothing tells.
            rest = !_canStand ? PlaceFit.Wrong : Flies ? PlaceFit.Unclear : Fit(size - Math.Log(Depth(bottom) / Depth(BottomIn(Truth))));
        else if (bottom <= _horizon) rest = !_canFly ? OffGround(bottom) : Flies ? Fit(size) : PlaceFit.Unclear;
        else rest = PlaceFit.Unclear;
        if (rest == PlaceFit.Wrong || covered > Covered) return PlaceFit.Wrong;
        return covered > MostCovered ? PlaceFit.Unclear : rest;
    }

    private PlaceFit OffGround(double bottom) => bottom <= FloatingAbove ? PlaceFit.Wrong : PlaceFit.Unclear;

    private double Depth(double bottom) => Math.Max(LeastDepth * Side, bottom - _eye);

    private static PlaceFit Fit(double off) =>
        Math.Abs(off) <= MostRight ? PlaceFit.Right : Math.Abs(off) <= LeastWrong ? PlaceFit.Unclear : PlaceFit.Wrong;

    private static double Covering(PixelBox a, PixelBox b)
    {
        var wide = Math.Min(a.Right, b.Right) - Math.Max(a.X, b.X);
        var high = Math.Min(a.Bottom, b.Bottom) - Math.Max(a.Y, b.Y);
        return wide <= 0 || high <= 0 ? 0 : (double)wide * high / Math.Min(a.Width * a.Height, b.Width * b.Height);
    }
}
