using System.Globalization;
using System.Net;

namespace FreeMask.Cli.Reports;

/// <summary>Formats text and numbers for HTML.</summary>
internal static class Html
{
    /// <summary>Escapes text for HTML elements and quoted attributes.</summary>
    internal static string Text(string? text) => WebUtility.HtmlEncode(text ?? "");

    /// <summary>A coordinate or a length.</summary>
    internal static string Number(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);

    /// <summary>A score or an IoU with two decimals, or a dash.</summary>
    internal static string Score(double? value) =>
        value is { } number && double.IsFinite(number) ? number.ToString("0.00", CultureInfo.InvariantCulture) : "–";

    /// <summary>A share as a percentage without decimals.</summary>
    internal static string Percent(double value) => Math.Round(100 * value).ToString(CultureInfo.InvariantCulture) + " %";

    /// <summary>A count with thin spaces between thousands.</summary>
    internal static string Count(int value) => value.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u2009');
}
