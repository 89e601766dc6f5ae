namespace FreeMask.Diffusion.Attention;

/// <summary>Scalings of map values, in place. A constant map becomes 0.</summary>
internal static class MapScaling
{
    private const float Epsilon = 1e-8f;

    internal static void ToUnitRange(float[] values)
    {
        var (low, high) = (values.Min(), values.Max());
        var range = high > low ? high - low : 1;
        for (var i = 0; i < values.Length; i++) values[i] = (values[i] - low) / range;
    }

    internal static void ToUnitMaximum(float[] values)
    {
        var high = values.Max();
        for (var i = 0; i < values.Length; i++) values[i] /= high + Epsilon;
    }
}
