using System.Globalization;

namespace FreeMask.Dashboard.Benchmarks;

/// <summary>Measurements and how they are written.</summary>
internal static class Numbers
{
    /// <summary>A quantile by the nearest rank; NaN of none.</summary>
    internal static double Quantile(IReadOnlyCollection<double> values, double share) =>
        values.Count == 0 ? double.NaN : values.Order().ElementAt((int)Math.Ceiling(share * values.Count) - 1);

    /// <summary>"n 12, median 103, p95 120, most 140".</summary>
    internal static string Describe(IReadOnlyCollection<double> values) => string.Create(
        CultureInfo.InvariantCulture,
        $"n {values.Count}, median {Quantile(values, 0.5):0}, p95 {Quantile(values, 0.95):0}, most {Quantile(values, 1):0}"
    );
}
