using FreeMask.Randomness;
using FreeMask.Training.Mini.Art;

namespace FreeMask.Training.Mini.Scenes;

/// <summary>Where and how a sprite is put into a scene.</summary>
/// <param name="Sprite">The image.</param>
/// <param name="CenterX">Center in pixels.</param>
/// <param name="CenterY">Center in pixels.</param>
/// <param name="Scale">Scene pixels per pixel of the sprite's largest level.</param>
/// <param name="Angle">Rotation in radians.</param>
internal sealed record Placement(Sprite Sprite, double CenterX, double CenterY, double Scale, double Angle)
{
    private const double LargestWidth = 118, LargestHeight = 114, Margin = 3, LargestAngle = 0.07;

    internal double Width => Sprite.Levels[0].Width * Scale;

    internal double Height => Sprite.Levels[0].Height * Scale;

    internal double Bottom => CenterY + (Height / 2);

    /// <summary>Draws a place: on the ground (or anywhere in the sky), inside the image.</summary>
    /// <param name="sprite">The image.</param>
    /// <param name="area">Which share of the scene the object shall fill; less where it would not fit.</param>
    /// <param name="kind">The surroundings.</param>
    /// <param name="horizon">First row of the ground.</param>
    /// <param name="spread">How far to both sides of the middle the object may stand, in pixels.</param>
    /// <param name="random">The scene's stream.</param>
    internal static Placement Draw(Sprite sprite, double area, SceneKind kind, int horizon, double spread, CounterRandom random)
    {
        var level = sprite.Levels[0];
        var scale = Math.Sqrt(area * SceneRenderer.Side * SceneRenderer.Side / (sprite.Coverage * level.Width * level.Height));
        scale = Math.Min(scale, Math.Min(LargestWidth / level.Width, LargestHeight / level.Height));
        double halfWidth = level.Width * scale / 2, halfHeight = level.Height * scale / 2;
        var sideways = Math.Min(spread, SceneRenderer.Side / 2.0 - Margin - halfWidth);
        var centerX = (SceneRenderer.Side / 2.0) + (random.NextDouble(-1, 1) * Math.Max(0, sideways));
        var lowest = SceneRenderer.Side - Margin - halfHeight;
        double centerY;
        if (kind == SceneKind.Sky)
        {
            centerY =
                (SceneRenderer.Side / 2.0)
                + (random.NextDouble(-1, 1) * Math.Max(0, Math.Min(spread, lowest - (SceneRenderer.Side / 2.0))));
        }
        else
        {
            var highest = Math.Max(horizon + 10 - halfHeight, halfHeight + Margin);
            centerY = highest >= lowest ? lowest : random.NextDouble(highest, lowest);
        }

        return new Placement(sprite, centerX, centerY, scale, random.NextDouble(-LargestAngle, LargestAngle));
    }

    /// <summary>Shared area of the two boxes over the smaller one's.</summary>
    internal double Overlap(Placement other)
    {
        var wide =
            Math.Min(CenterX + (Width / 2), other.CenterX + (other.Width / 2))
            - Math.Max(CenterX - (Width / 2), other.CenterX - (other.Width / 2));
        var high = Math.Min(Bottom, other.Bottom) - Math.Max(CenterY - (Height / 2), other.CenterY - (other.Height / 2));
        return wide <= 0 || high <= 0 ? 0 : wide * high / Math.Min(Width * Height, other.Width * other.Height);
    }
}
