using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FreeMask.Cli.Reports;
using FreeMask.Files;

namespace FreeMask.Cli.Experiments;

/// <summary>Writes what experiments found: JSON, Markdown and plots for each, and a page of all.</summary>
internal static partial class ExperimentFiles
{
    /// <summary>The page of all experiments.</summary>
    internal const string PageName = "report.html";

    private const string JsonName = "report.json";

    private const string Style =
        "body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#1c2733;background:#fff}"
        + "table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}th,td{padding:.25rem .7rem;text-align:left;"
        + "border-bottom:1px solid #dfe4e9;white-space:nowrap}td+td{text-align:right}caption{text-align:left;color:#44515e;"
        + "padding-bottom:.3rem}.answer{font-weight:600}svg{max-width:100%;height:auto}";

    /// <summary>Writes the files of one experiment into its folder: <c>report.json</c>, <c>report.md</c>, <c>plot.svg</c>,
    /// <c>plot.png</c>.</summary>
    internal static async Task WriteAsync(string folder, ExperimentReport report, CancellationToken stop)
    {
        await AtomicFile.WriteAsync(Path.Combine(folder, JsonName), JsonDocuments.Write(report) + "\n", stop);
        await AtomicFile.WriteAsync(Path.Combine(folder, "report.md"), Markdown(report), stop);
        if (report.Plot is not { } plot) return;
        await AtomicFile.WriteAsync(Path.Combine(folder, "plot.svg"), PlotImage.ToSvg(plot), stop);
        await AtomicFile.WriteAsync(Path.Combine(folder, "plot.png"), PlotImage.ToPng(plot), stop);
    }

    /// <summary>What was written into the folder of an experiment; null where there is nothing.</summary>
    /// <exception cref="FreeMaskException">The file holds something else.</exception>
    internal static ExperimentReport? ReadIn(string folder)
    {
        var path = Path.Combine(folder, JsonName);
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<ExperimentReport>(File.ReadAllBytes(path), JsonDocuments.Options);
        }
        catch (JsonException e)
        {
            throw new FreeMaskException(
                $"{path} is no result of an experiment. Delete it, and the same command writes it again. ({e.Message})",
                e
            );
        }
    }

    /// <summary>Writes the page of all experiments.</summary>
    internal static Task WritePageAsync(string folder, IReadOnlyList<ExperimentReport> reports, CancellationToken stop)
    {
        var html = new StringBuilder(
            $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>FreeMask experiments</title><style>{Style}</style>"
                + "</head><body>\n<h1>Experiments</h1>\n<ul>\n"
        );
        foreach (var report in reports)
            html.Append(
                $"<li><a href=\"#{Html.Text(report.Experiment)}\">{Html.Text(report.Experiment)}</a>: {Prose(report.Answer)}</li>\n"
            );
        html.Append("</ul>\n");
        foreach (var report in reports) Append(html, report);
        return AtomicFile.WriteAsync(Path.Combine(folder, PageName), html.Append("</body></html>\n").ToString(), stop);
    }

    /// <summary>Text in HTML, with the words between backticks as code.</summary>
    private static string Prose(string text) => Code().Replace(Html.Text(text), "<code>$1</code>");

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    private static void Append(StringBuilder html, ExperimentReport report)
    {
        var name = Html.Text(report.Experiment);
        html.Append($"<h2 id=\"{name}\">{name}</h2>\n<p>{Prose(report.Question)}</p>\n");
        html.Append($"<p class=\"answer\">{Prose(report.Answer)}</p>\n<p>Expected: {Prose(report.Expected)}</p>\n");
        html.Append($"<p>Limits: {Prose(report.Limits)} {Html.Text(Effort(report))}</p>\n");
        if (report.Plot is { } plot) html.Append(PlotImage.ToSvg(plot));
        foreach (var table in report.Tables)
        {
            html.Append($"<table><caption>{Html.Text(table.Title)}</caption><tr>");
            foreach (var column in table.Columns) html.Append($"<th scope=\"col\">{Html.Text(column)}</th>");
            html.Append("</tr>\n");
            foreach (var row in table.Rows)
            {
                html.Append($"<tr><td>{Html.Text(row.Label)}</td>");
                foreach (var cell in row.Cells) html.Append($"<td>{Html.Text(cell.Text)}</td>");
                html.Append("</tr>\n");
            }

            html.Append("</table>\n");
        }
    }

    private static string Markdown(ExperimentReport report)
    {
        var text = new StringBuilder($"# {report.Experiment}\n\n{report.Question}\n\n**{report.Answer}**\n\n");
        text.Append($"Expected: {report.Expected}\n\nLimits: {report.Limits} {Effort(report)}\n");
        foreach (var table in report.Tables)
        {
            text.Append($"\n{table.Title}:\n\n| {string.Join(" | ", table.Columns.Select(Cell))} |\n");
            text.Append($"|{string.Concat(table.Columns.Select(_ => "---|"))}\n");
            foreach (var row in table.Rows)
                text.Append($"| {Cell(row.Label)} | {string.Join(" | ", row.Cells.Select(cell => Cell(cell.Text)))} |\n");
        }

        if (report.Plot is not null) text.Append("\n![plot](plot.svg)\n");
        return text.ToString();

        static string Cell(string content) => content.Replace("|", "\\|", StringComparison.Ordinal);
    }

    /// <summary>Seeds, minutes, and whether rows are missing.</summary>
    private static string Effort(ExperimentReport report) => string.Create(
        CultureInfo.InvariantCulture,
        $"Seeds: {string.Join(", ", report.Seeds)}; {report.Minutes:0.0} minutes of computing."
            + $"{(report.Complete ? "" : " The time did not suffice for all rows: the same command goes on.")}"
    );
}
