namespace FreeMask.Onnx;

/// <summary>Looks at what models give: a half-precision model that overflows gives NaN, which every later stage would take for black, or
/// for background.</summary>
internal static class FiniteValues
{
    /// <summary>Fails where a value is NaN or infinite.</summary>
    /// <param name="values">What the model gave.</param>
    /// <param name="model">The model's file.</param>
    /// <param name="what">What the values are, such as <c>latents</c>.</param>
    /// <exception cref="FreeMaskException">One is.</exception>
    internal static void Require(ReadOnlySpan<float> values, string model, string what)
    {
        if (!IsFinite(values)) throw new FreeMaskException($"{model} gives NaN or infinite {what}: {Remedy}");
    }

    /// <summary>Fails where a value is NaN; infinite scores are a way to exclude.</summary>
    /// <exception cref="FreeMaskException">One is.</exception>
    internal static void RequireNumbers(ReadOnlySpan<float> values, string model, string what)
    {
        foreach (var value in values)
            if (float.IsNaN(value)) throw new FreeMaskException($"{model} gives NaN as {what}: {Remedy}");
    }

    private const string Remedy =
        "its precision does not bear these values. Half precision (fp16) is the usual cause: take the plain export, or one whose "
            + "autoencoder was mended for it; if the weights may be damaged, fetch them again.";

    // A finite value less itself is 0, any other is NaN, and stays so in a sum.
    private static bool IsFinite(ReadOnlySpan<float> values)
    {
        var sum = 0f;
        foreach (var value in values) sum += value - value;
        return sum == 0;
    }
}
