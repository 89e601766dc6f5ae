namespace FreeMask.Vision.Harmonization;

/// <summary>Mean and population standard deviation of L, a, b over a region.</summary>
internal readonly record struct LabStatistics(int Count, (double L, double A, double B) Mean, (double L, double A, double B) Deviation)
{
    /// <param name="lab">Interleaved L, a, b.</param>
    /// <param name="inside">Which pixels count.</param>
    internal static LabStatistics Of(float[] lab, Func<int, bool> inside)
    {
        Span<double> sum = stackalloc double[3], squares = stackalloc double[3];
        var count = 0;
        for (var pixel = 0; pixel < lab.Length / 3; pixel++)
        {
            if (!inside(pixel)) continue;
            count++;
            for (var c = 0; c < 3; c++)
            {
                double value = lab[(3 * pixel) + c];
                sum[c] += value;
                squares[c] += value * value;
            }
        }

        if (count == 0) return default;
        for (var c = 0; c < 3; c++)
        {
            sum[c] /= count;
            squares[c] = Math.Sqrt(Math.Max(0, (squares[c] / count) - (sum[c] * sum[c])));
        }

        return new LabStatistics(count, (sum[0], sum[1], sum[2]), (squares[0], squares[1], squares[2]));
    }
}
