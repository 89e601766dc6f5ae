using System.Globalization;

namespace FreeMask.Cli.Experiments;

/// <summary>Cells and numbers of tables.</summary>
internal static class ExperimentText
{
    /// <summary>A cell with a number that has no interval.</summary>
    internal static ExperimentCell Plain(double value, string format = "0.000") => new(Measured.Number(value, format), value);

    /// <summary>A cell with a count.</summary>
    internal static ExperimentCell Count(int value) => new(value.ToString(CultureInfo.InvariantCulture), value);
}
