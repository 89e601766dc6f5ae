using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Masking;

/// <summary>Scalings of coarse maps, whose own range says nothing.</summary>
public static class CoarseMap
{
    internal const float Flatness = 1e-6f;

    /// <summary>A map on another grid, stretched to 0..1, with 0.5 at Otsu's cut: more is object, less is background.</summary>
    /// <param name="coarse">The map, in any range.</param>
    /// <param name="width">The grid's width.</param>
    /// <param name="height">The grid's height.</param>
    /// <returns>Null where the map is flat.</returns>
    public static FloatMap? Normalize(FloatMap coarse, int width, int height)
    {
        var map = Resampling.Resize(coarse, width, height, ResamplingFilter.Bicubic);
        return Stretch(map) ? Centre(map, Otsu.Threshold(map)) : null;
    }

    /// <summary>Min-max in place; false where there is nothing to stretch.</summary>
    internal static bool Stretch(FloatMap map)
    {
        var (low, high) = (map.Values.Min(), map.Values.Max());
        if (!(high - low > Flatness * MathF.Max(1, MathF.Abs(high)))) return false;
        for (var i = 0; i < map.Values.Length; i++) map.Values[i] = (map.Values[i] - low) / (high - low);
        return true;
    }

    /// <summary>The cut becomes 0.5, the middle that colour model and CRF know; 0 and 1 stay.</summary>
    internal static FloatMap Centre(FloatMap map, float cut)
    {
        var result = new FloatMap(map.Width, map.Height);
        for (var i = 0; i < map.Values.Length; i++)
        {
            var value = map.Values[i];
            result.Values[i] = value < cut ? 0.5f * value / cut : 0.5f + (0.5f * (value - cut) / MathF.Max(1 - cut, Flatness));
        }

        return result;
    }
}
