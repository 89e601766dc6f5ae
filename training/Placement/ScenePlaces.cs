using FreeMask.Randomness;
using FreeMask.Vision.Placement;

namespace FreeMask.Training.Placement;

/// <summary>Places of the object of a rendered scene of which it is known whether they are right: as boxes of its cutout.</summary>
/// <param name="scene">The object and its scene.</param>
/// <param name="random">Draws the places.</param>
internal sealed class ScenePlaces(SceneCase scene, CounterRandom random)
{
    // A wrong size is off by more than twice; shifts keep the footing.
    private const double LeastWrong = 2, MostWrong = 4;

    private const int MostSideways = 16, MostUpwards = 2, Tries = 12;

    /// <summary>A factor of more than two by which a size is wrong; smaller where twice the size would not fit into the image.</summary>
    internal double WrongFactor()
    {
        var factor = random.NextDouble(LeastWrong, MostWrong);
        var isLarger = random.NextInt(2) == 0;
        return isLarger && IsInside(Own(scene.SizeAt(factor))) ? factor : 1 / factor;
    }

    /// <summary>The true place, at a size: the middle of the lower edge stays where it is.</summary>
    internal PixelBox Own((int Height, int Width) size) => PlacementCase.Standing(scene.Truth, size);

    /// <summary>A place beside the true one, at about its height; null where none is right.</summary>
    internal PixelBox? Shifted((int Height, int Width) size) => Try(() =>
    {
        var own = Own(size);
        var box = own with { X = own.X + Within(MostSideways), Y = own.Y + Within(MostUpwards) };
        return scene.Judge(box) == PlaceFit.Right ? box : null;
    });

    /// <summary>A place anywhere but near the true one, which is wrong; null where none was found.</summary>
    internal PixelBox? Anywhere((int Height, int Width) size) => Try(() =>
        PlacementCase.Elsewhere(scene.Truth, size, scene.Side, scene.Side, random) is { } box && scene.Judge(box) == PlaceFit.Wrong
            ? box
            : null);

    /// <summary>A place with nothing below the object to stand on, in the true column or any other; null where there is none.</summary>
    internal PixelBox? Floating((int Height, int Width) size)
    {
        if (!scene.MayFloat || size.Width > scene.Side || size.Height > scene.Side) return null;
        // The rows of which the object's lowest one is above the end of the ground.
        var rows = (int)(scene.FloatingAbove - (scene.Cutout.Solid.Bottom * size.Height)) + 1;
        if (rows < 1) return null;
        var own = Own(size);
        var x = random.NextInt(2) == 0 ? Math.Clamp(own.X, 0, scene.Side - size.Width) : random.NextInt(scene.Side - size.Width + 1);
        return own with { X = x, Y = random.NextInt(rows) };
    }

    /// <summary>A place on another object, of which it hides more than half or the other way round; null where there is none.</summary>
    internal PixelBox? Covering((int Height, int Width) size)
    {
        if (scene.Others.Count == 0) return null;
        var other = scene.Others[random.NextInt(scene.Others.Count)];
        var box = new PixelBox(
            other.X + ((other.Width - size.Width) / 2), other.Y + ((other.Height - size.Height) / 2), size.Width, size.Height);
        return IsInside(box) && scene.Judge(box) == PlaceFit.Wrong ? box : null;
    }

    /// <summary>Any place inside the image; null where the object is larger.</summary>
    internal PixelBox? Any((int Height, int Width) size) =>
        size.Width > scene.Side || size.Height > scene.Side
            ? null
            : new PixelBox(
                random.NextInt(scene.Side - size.Width + 1), random.NextInt(scene.Side - size.Height + 1), size.Width, size.Height);

    private PixelBox? Try(Func<PixelBox?> draw)
    {
        for (var n = 0; n < Tries; n++)
            if (draw() is { } box && IsInside(box)) return box;
        return null;
    }

    private bool IsInside(PixelBox box) => PlacementCase.IsInside(box, scene.Side, scene.Side);

    private int Within(int most) => random.NextInt((2 * most) + 1) - most;
}
