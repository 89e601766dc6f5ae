using System.Globalization;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Experiments;

/// <summary>A number with its 95 % interval.</summary>
/// <param name="Value">The number.</param>
/// <param name="Interval">The interval.</param>
internal sealed record Measured(double Value, ConfidenceInterval Interval)
{
    /// <summary>Whether the interval of a difference excludes zero.</summary>
    internal bool IsClear => Interval.Low > 0 || Interval.High < 0;

    /// <summary>The mean of numbers with its bootstrap interval.</summary>
    internal static Measured Mean(IReadOnlyList<double> values, ulong seed) => new(values.Average(), Bootstrap.Mean(values, seed));

    /// <summary>Such as <c>0.419 (0.401 to 0.436)</c>.</summary>
    internal string Text(string format = "0.000") =>
        $"{Number(Value, format)} ({Number(Interval.Low, format)} to {Number(Interval.High, format)})";

    /// <summary>The same of a difference: <c>+0.019 (+0.001 to +0.036)</c>.</summary>
    internal string Signed() => Text("+0.000;-0.000;0.000");

    /// <summary>A cell of a table.</summary>
    internal ExperimentCell Cell(string format = "0.000") => new(Text(format), Value, Interval.Low, Interval.High);

    /// <summary>A cell with a difference.</summary>
    internal ExperimentCell SignedCell() => new(Signed(), Value, Interval.Low, Interval.High);

    /// <summary>A point of a plot.</summary>
    internal PlotPoint Point(string label) => new(label, Value, Interval.Low, Interval.High);

    /// <summary>A number as tables write it.</summary>
    internal static string Number(double value, string format = "0.000") =>
        // Rounded first: a small negative number would get both signs.
        double.IsNaN(value) ? "–" : (Math.Round(value, 3) + 0.0).ToString(format, CultureInfo.InvariantCulture);
}
