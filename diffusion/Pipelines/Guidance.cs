namespace FreeMask.Diffusion.Pipelines;

/// <summary>Classifier-free guidance (Ho and Salimans 2022) and its rescaling (Lin et al. 2024, equations 14-16).</summary>
internal static class Guidance
{
    /// <summary>u + g (c - u) into <paramref name="result"/>, which may be either input.</summary>
    internal static void Apply(
        ReadOnlySpan<float> unconditional,
        ReadOnlySpan<float> conditional,
        float scale,
        float rescale,
        Span<float> result
    )
    {
        var deviation = rescale > 0 ? Deviation(conditional) : 0;
        for (var i = 0; i < result.Length; i++) result[i] = unconditional[i] + (scale * (conditional[i] - unconditional[i]));
        if (rescale <= 0) return;
        var factor = (rescale * deviation / Deviation(result)) + 1 - rescale;
        for (var i = 0; i < result.Length; i++) result[i] = (float)(result[i] * factor);
    }

    private static double Deviation(ReadOnlySpan<float> values)
    {
        double sum = 0, squares = 0;
        foreach (var value in values) sum += value;
        var mean = sum / values.Length;
        foreach (var value in values) squares += (value - mean) * (value - mean);
        return Math.Sqrt(squares / Math.Max(1, values.Length - 1));
    }
}
