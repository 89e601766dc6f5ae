using FreeMask.Imaging;

namespace FreeMask.Diffusion.Attention;

/// <summary>Normalizations of attention maps, whose own range has no meaning.</summary>
internal static class AttentionMapNormalization
{
    /// <summary>A map whose range is not above this share of its largest magnitude is flat.</summary>
    internal const float Flatness = 1e-6f;

    private const float Epsilon = 1e-8f;

    /// <summary>Minimum to 0, maximum to 1, in place. A constant map becomes 0.</summary>
    internal static void MinMax(float[] values)
    {
        var (low, high) = (values.Min(), values.Max());
        var range = high > low ? high - low : 1;
        for (var i = 0; i < values.Length; i++) values[i] = (values[i] - low) / range;
    }

    /// <summary>Minimum to 0, maximum to 1, in place; a flat map is left as it is.</summary>
    /// <returns>Whether the map was not flat.</returns>
    internal static bool TryMinMax(FloatMap map)
    {
        var (low, high) = (map.Values.Min(), map.Values.Max());
        if (!(high - low > Flatness * MathF.Max(1, MathF.Abs(high)))) return false;
        for (var i = 0; i < map.Values.Length; i++) map.Values[i] = (map.Values[i] - low) / (high - low);
        return true;
    }

    /// <summary>Divides by the largest value, in place. A map of zeros stays zero.</summary>
    internal static void Maximum(float[] values)
    {
        var high = values.Max();
        for (var i = 0; i < values.Length; i++) values[i] /= high + Epsilon;
    }

    /// <summary>Moves a threshold to 0.5, the decision boundary of the color model and the CRF, piecewise linearly; 0 and 1
    /// stay.</summary>
    /// <param name="map">Values in 0..1.</param>
    /// <param name="threshold">In 0..1.</param>
    internal static FloatMap CenterThreshold(FloatMap map, float threshold)
    {
        var result = new FloatMap(map.Width, map.Height);
        for (var i = 0; i < map.Values.Length; i++)
        {
            var value = map.Values[i];
            result.Values[i] =
                value < threshold ? 0.5f * value / threshold : 0.5f + (0.5f * (value - threshold) / MathF.Max(1 - threshold, Flatness));
        }

        return result;
    }
}
