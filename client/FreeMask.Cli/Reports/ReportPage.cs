using System.Globalization;
using System.Text;

namespace FreeMask.Cli.Reports;

/// <summary>
/// Writes a report as one self-contained HTML file with style, charts and images and without scripts. The markup is also well-formed XML.
/// </summary>
internal static class ReportPage
{
    internal static string Write(ReportData data)
    {
        var page = new StringBuilder();
        page.AppendLine("<!DOCTYPE html>");
        page.AppendLine("<html lang=\"en\">");
        page.AppendLine("<head><meta charset=\"utf-8\" /><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />");
        page.AppendLine($"<title>{Html.Text(data.Run)} · FreeMask</title>");
        page.AppendLine($"<style>{Style()}</style></head>");
        page.AppendLine("<body><main>");
        ReportSections.Header(page, data);
        ReportSections.Funnels(page, data);
        ReportSections.Samples(page, data);
        ReportSections.Scores(page, data);
        ReportSections.Classes(page, data);
        ReportSections.Failures(page, data);
        ReportSections.Details(page, data);
        page.AppendLine("<footer>Written by FreeMask. This file holds everything it shows and asks no server for anything.</footer>");
        page.AppendLine("</main></body></html>");
        return page.ToString();
    }

    internal static string Duration(TimeSpan span) =>
        span.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours} h {span.Minutes:00} min")
        : span.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{span.Minutes} min {span.Seconds:00} s")
        : string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s");

    private static string Style()
    {
        using var stream = typeof(ReportPage).Assembly.GetManifestResourceStream("FreeMask.Cli.Reports.report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
