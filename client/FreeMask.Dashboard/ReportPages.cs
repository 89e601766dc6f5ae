using System.Globalization;
using System.Net;
using System.Text;

namespace FreeMask.Dashboard;

/// <summary>Serves the list of reports as a page and as JSON, and each report.</summary>
internal static class ReportPages
{
    internal static void MapReports(this IEndpointRouteBuilder routes, ReportDirectory shelf)
    {
        routes.MapGet("/", () => Results.Content(Index(shelf.Folder, shelf.List()), "text/html; charset=utf-8"));
        routes.MapGet("/health/live", () => Results.Text("the process answers\n"));
        routes.MapGet("/api/reports", () => shelf.List());
        routes.MapGet(
            "/runs/{run}",
            (string run) => shelf.Find(run) is { } path ? Results.File(path, "text/html; charset=utf-8") : Results.NotFound()
        );
    }

    /// <summary>The list of reports as a page.</summary>
    internal static string Index(string folder, IReadOnlyList<StoredReport> reports)
    {
        var page = new StringBuilder(
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
            <title>FreeMask</title>
            <style>
            :root { color-scheme: light dark; }
            body { max-width: 44rem; margin: 3rem auto; padding: 0 1.25rem; font: 16px/1.55 system-ui, sans-serif; }
            h1 { font-size: 1.5rem; } li { margin: 0.5rem 0; } small, p { opacity: 0.7; } ul { list-style: none; padding: 0; }
            </style></head><body><h1>Runs</h1>
            """
        );
        if (reports.Count == 0)
            page.Append(
                $"<p>There are no reports in {WebUtility.HtmlEncode(folder)} yet. A run writes one when it ends; <code>freemask "
                    + $"report</code> writes one at any time.</p>"
            );
        page.Append("<ul>");
        foreach (var report in reports)
        {
            var written = report.WrittenAt.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
            page.Append(
                $"<li><a href=\"/runs/{Uri.EscapeDataString(report.Run)}\">{WebUtility.HtmlEncode(report.Run)}</a> <small>report of "
                    + $"{written}</small></li>"
            );
        }

        return page.Append("</ul></body></html>").ToString();
    }
}
