using FreeMask.Randomness;
using FreeMask.Vision;
using FreeMask.Vision.Placement;
using Sprite = FreeMask.Training.Mini.Art.Sprite;

namespace FreeMask.Training.Mini.Scenes;

/// <summary>The places of the objects of a scene.</summary>
/// <param name="Object">One that nothing hides.</param>
/// <param name="Flies">Whether it is in the air.</param>
/// <param name="Others">The others; the first says how large things are here.</param>
internal sealed record DrawnPlacements(Placement Object, bool Flies, IReadOnlyList<Placement> Others);

/// <summary>
/// Places objects in one perspective. The first stands anywhere on the ground at any size; what stands beside it has the height
/// h = h' (m / m') (b - v) / (b' - v) of <see cref="ScenePerspective"/>, within an eighth, with the real heights m of the label set and the
/// row v of the horizon of <see cref="SceneRules"/>. What can fly does so at any place above the ground and in a size of its own.
/// </summary>
internal static class PerspectivePlacements
{
    private const double SmallestSide = 0.24, LargestSide = 0.62, Spread = 40;

    // In image heights: what is smaller cannot be seen well, what is larger leaves nothing of the scene.
    private const double LeastHeight = 0.12, MostHeight = 0.7, LeastFlying = 0.16, MostFlying = 0.32;

    private const double Variation = 0.12, LargestOverlap = 0.2, Margin = 3, Nearest = 6, LargestAngle = 0.07;

    private const double ThirdObject = 0.4, FlyingShare = 0.5;

    // There is nearly always room in the air, and most sizes do not fit the ground: without this most objects would fly.
    private const double PassedOver = 0.6;

    private const int Attempts = 24, LeastSky = 40;

    /// <summary>Draws two or three objects; null where none fits beside the first.</summary>
    /// <param name="kind">The surroundings.</param>
    /// <param name="horizon">The first row of the ground; the image's height where there is none.</param>
    /// <param name="sprites">The images of each class.</param>
    /// <param name="random">The scene's stream.</param>
    internal static DrawnPlacements? Draw(
        SceneKind kind, int horizon, IReadOnlyList<IReadOnlyList<Sprite>> sprites, CounterRandom random)
    {
        int[] classes = [.. Enumerable.Range(1, sprites.Count - 1).Where(id => sprites[id].Count > 0 && Rests(kind, id))];
        int[] first = [.. classes.Where(id => kind == SceneKind.Sky || SceneRules.Stands(LabelSet.Voc[id]))];
        var area = Math.Pow(random.NextDouble(SmallestSide, LargestSide), 2);
        var others = new List<Placement> { Placement.Draw(Pick(first), area, kind, horizon, Spread, random) };
        var (eye, metres) = (EyeRow(kind, horizon), LabelSet.Voc[others[0].Sprite.ClassId].Metres!.Value);
        var growth = others[0].Height / (metres * (others[0].Bottom - eye));
        if (random.NextDouble() < ThirdObject && Next() is { } third) others.Add(third.Placement);
        return Next() is { } next ? new(next.Placement, next.Flies, others) : null;

        Sprite Pick(int[] among)
        {
            var ofClass = sprites[among[random.NextInt(among.Length)]];
            return ofClass[random.NextInt(ofClass.Count)];
        }

        (Placement Placement, bool Flies)? Next()
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                var sprite = Pick(classes);
                var surfaces = SurfacesOf(kind) & LabelSet.Voc[sprite.ClassId].Supports;
                var canFly = surfaces.HasFlag(SupportSurfaces.Air) && horizon >= LeastSky;
                var canStand = (surfaces & ~SupportSurfaces.Air) != SupportSurfaces.None;
                if (!canFly && !canStand) continue;
                if (canFly && kind != SceneKind.Sky && random.NextDouble() < PassedOver) continue;
                var flies = canFly && (!canStand || random.NextDouble() < FlyingShare);
                var placement = flies
                    ? Flying(sprite, horizon, random)
                    : Standing(sprite, horizon, bottom => growth * LabelSet.Voc[sprite.ClassId].Metres!.Value * (bottom - eye), random);
                if (placement is not null && others.TrueForAll(other => LeavesVisible(placement, other))) return (placement, flies);
            }

            return null;
        }
    }

    /// <summary>The row of the eye's level, above the foot of a wall.</summary>
    internal static double EyeRow(SceneKind kind, int horizon) =>
        horizon - (SceneRules.Of(kind.Word()).EyeLevel * SceneRenderer.Side);

    /// <summary>What things may rest on in a scene.</summary>
    internal static SupportSurfaces SurfacesOf(SceneKind kind) => SceneRules.Of(kind.Word()).Surfaces;

    private static bool Rests(SceneKind kind, int classId) =>
        SceneKinds.Suits(classId, kind) && SceneRules.Fits(kind.Word(), LabelSet.Voc[classId]);

    private static Placement? Standing(Sprite sprite, int horizon, Func<double, double> heightAt, CounterRandom random)
    {
        var bottom = random.NextDouble(horizon + Nearest, SceneRenderer.Side - Margin);
        return At(sprite, heightAt(bottom) * Math.Exp(random.NextDouble(-Variation, Variation)), bottom, random);
    }

    private static Placement? Flying(Sprite sprite, int horizon, CounterRandom random)
    {
        var height = random.NextDouble(LeastFlying, MostFlying) * SceneRenderer.Side;
        var lowest = Math.Min(horizon, SceneRenderer.Side - Margin);
        return lowest < height + Margin ? null : At(sprite, height, random.NextDouble(height + Margin, lowest), random);
    }

    private static Placement? At(Sprite sprite, double height, double bottom, CounterRandom random)
    {
        var scale = height / sprite.Levels[0].Height;
        var half = sprite.Levels[0].Width * scale / 2;
        if (height < LeastHeight * SceneRenderer.Side || height > MostHeight * SceneRenderer.Side) return null;
        if (bottom - height < Margin || half + Margin > SceneRenderer.Side / 2.0) return null;
        var center = random.NextDouble(Margin + half, SceneRenderer.Side - Margin - half);
        return new Placement(sprite, center, bottom - (height / 2), scale, random.NextDouble(-LargestAngle, LargestAngle));
    }

    /// <summary>Nearer objects hide nothing of the new one, and it hides little of those behind it.</summary>
    private static bool LeavesVisible(Placement placement, Placement other) =>
        placement.Overlap(other) <= (other.Bottom >= placement.Bottom ? 0 : LargestOverlap);
}
