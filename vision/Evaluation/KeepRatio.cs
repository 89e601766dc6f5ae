namespace FreeMask.Vision.Evaluation;

/// <summary>How many samples a selection keeps.</summary>
internal static class KeepRatio
{
    /// <summary>
    /// ceil(ratio x n), at least one. The product is computed in decimal: 0.7 x 10 is 7, whereas binary 7.000000000000001 would give 8.
    /// </summary>
    /// <param name="ratio">The share that stays, in (0, 1].</param>
    /// <param name="count">The number of samples, at least one.</param>
    internal static int Count(double ratio, int count) => Math.Clamp((int)Math.Ceiling((decimal)ratio * count), 1, count);
}
