using System.Globalization;

namespace FreeMask.Grains.RunSpecs;

/// <summary>The numbers that a key accepts. NaN is in no range.</summary>
internal sealed record RunKeyRange
{
    private RunKeyRange(double minimum, double maximum) => (Minimum, Maximum) = (minimum, maximum);

    /// <summary>The lower bound.</summary>
    public double Minimum { get; }

    /// <summary>The upper bound.</summary>
    public double Maximum { get; }

    /// <summary>Whether <see cref="Minimum"/> itself is outside the range.</summary>
    public bool ExcludesMinimum { get; private init; }

    /// <summary>Whether <see cref="Maximum"/> itself is outside the range.</summary>
    public bool ExcludesMaximum { get; private init; }

    private bool IsClosed => !ExcludesMinimum && !ExcludesMaximum;

    /// <summary>Both bounds are in the range.</summary>
    public static RunKeyRange Closed(double minimum, double maximum) => new(minimum, maximum);

    /// <summary>Neither bound is in the range.</summary>
    public static RunKeyRange Open(double minimum, double maximum) =>
        new(minimum, maximum) { ExcludesMinimum = true, ExcludesMaximum = true };

    /// <summary>Only the upper bound is in the range.</summary>
    public static RunKeyRange LeftOpen(double minimum, double maximum) => new(minimum, maximum) { ExcludesMinimum = true };

    /// <summary>Whether a number is in the range.</summary>
    public bool Contains(double value) =>
        (ExcludesMinimum ? value > Minimum : value >= Minimum) && (ExcludesMaximum ? value < Maximum : value <= Maximum);

    /// <summary>What is wrong with a number outside the range.</summary>
    public string Refuse(double value) =>
        string.Create(CultureInfo.InvariantCulture, $"{value} is {(IsClosed ? "outside" : "not in")} {this}");

    /// <summary>"1 to 1000", or an interval such as "(0, 1]" where a bound is excluded.</summary>
    public override string ToString() =>
        IsClosed
            ? string.Create(CultureInfo.InvariantCulture, $"{Minimum} to {Maximum}")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{(ExcludesMinimum ? '(' : '[')}{Minimum}, {Maximum}{(ExcludesMaximum ? ')' : ']')}"
            );
}
