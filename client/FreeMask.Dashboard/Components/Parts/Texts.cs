using System.Globalization;
using FreeMask.Client.Progress;
using FreeMask.Dashboard.Services;
using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Components.Parts;

/// <summary>Numbers and times as the pages write them.</summary>
internal static class Texts
{
    /// <summary>"34 s", "5 min", "2.5 h", "3 d".</summary>
    internal static string Duration(TimeSpan span) => span switch
    {
        { TotalSeconds: < 120 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, Math.Floor(span.TotalSeconds)):0} s"),
        { TotalMinutes: < 120 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0} min"),
        { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0.0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0} d"),
    };

    /// <summary>"about 4 to 6 min left"; empty if nothing is known.</summary>
    internal static string Left(EndEstimate? left)
    {
        if (left is null) return "";
        var (low, high) = (Duration(Rounded(left.Earliest)), Duration(Rounded(left.Latest)));
        var range = low == high ? $"about {low}" : $"{low} to {high}";
        return left.WholeRun ? $"{range} left" : $"{range} left in this step";
    }

    /// <summary>A score or IoU with three digits; "–" where there is none.</summary>
    internal static string Score(double? value) => StatusFormatter.Share(value);

    /// <summary>mIoU with its interval: "0.512 (0.487 to 0.531)".</summary>
    internal static string Interval(SegmenterQuality quality) =>
        quality.Interval is { } interval
            ? $"{Score(quality.MeanIoU)} ({Score(interval.Low)} to {Score(interval.High)})"
            : Score(quality.MeanIoU);

    /// <summary>A whole number with separators.</summary>
    internal static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>"1 silo", "3 silos".</summary>
    internal static string Count(int value, string noun) => $"{Count(value)} {noun}{(value == 1 ? "" : "s")}";

    /// <summary>A rate; empty where nothing moves.</summary>
    internal static string Rate(double? perSecond) =>
        perSecond is > 0 and var rate
            ? rate >= 1
                ? string.Create(CultureInfo.InvariantCulture, $"{StatusFormatter.Rate(rate)}/s")
                : string.Create(CultureInfo.InvariantCulture, $"{60 * rate:0}/min")
            : "";

    /// <summary>A share as percent.</summary>
    internal static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0} %");

    /// <summary>A point in time, UTC.</summary>
    internal static string Time(DateTimeOffset? at) => at?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "–";

    /// <summary>Bytes in MiB or GiB.</summary>
    internal static string Memory(long? bytes) => bytes switch
    {
        null => "–",
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes.Value / (double)(1L << 30):0.0} GiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes.Value / (double)(1L << 20):0} MiB"),
    };

    /// <summary>The state of a sample in one word.</summary>
    internal static string State(SampleState state) => StageTable.Default.DisplayNameOf(state);

    /// <summary>A number for coordinates and widths.</summary>
    internal static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static TimeSpan Rounded(TimeSpan span) =>
        span.TotalSeconds < 120 ? TimeSpan.FromSeconds(Math.Ceiling(span.TotalSeconds / 10) * 10) : span;
}
