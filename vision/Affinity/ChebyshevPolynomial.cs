namespace FreeMask.Vision.Affinity;

/// <summary>
/// x^n as a sum of Chebyshev polynomials, cut where what is left out cannot matter: on [-1, 1], x^n = 2^(1-n) Σ C(n, (n-k)/2) T_k(x) over k
/// = n, n-2, ... (the term of k = 0 halved). About √(2 n ln(2/δ)) terms give it within δ (Sachdeva and Vishnoi, "Faster algorithms via
/// approximation theory", 2014, theorem 3.3).
/// </summary>
internal static class ChebyshevPolynomial
{
    // In operator norm. It grows at most by the root of the ratio of the largest and the least degree (10 for radius 5) in single cells.
    private const double Tolerance = 1e-9;

    /// <summary>The coefficients of T_0, T_1, ...; every other one is 0. They sum to 1, so that constants stay as they are.</summary>
    /// <param name="steps">n, 0 or more.</param>
    internal static double[] Coefficients(int steps)
    {
        var all = new double[steps + 1];
        var lowest = steps % 2;
        all[lowest] = Central(steps);
        for (var k = lowest + 2; k <= steps; k += 2) all[k] = all[k - 2] * ((steps - k + 2) / 2.0) / (((steps + k - 2) / 2.0) + 1);
        if (lowest == 0) all[0] /= 2;

        var left = 0.0;
        var length = all.Length;
        while (length > 1 && left + all[length - 1] < Tolerance) left += all[--length];
        var kept = all[..length];
        var sum = kept.Sum();
        for (var k = 0; k < kept.Length; k++) kept[k] /= sum;
        return kept;
    }

    // 2^(1-n) C(n, floor(n / 2)), as a product of numbers near 1.
    private static double Central(int steps)
    {
        var half = steps / 2;
        var value = steps % 2 == 0 ? 2.0 : steps / (half + 1.0);
        for (var j = 1; j <= half; j++) value *= 1 - (0.5 / j);
        return value;
    }
}
