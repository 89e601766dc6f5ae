using FreeMask.Imaging;

namespace FreeMask.Vision.Masking;

/// <summary>Scalings of coarse maps, whose own range says nothing.</summary>
internal static class CoarseMap
{
    internal const float Flatness = 1e-6f;

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
