using FreeMask.Dashboard.Security;

namespace FreeMask.Dashboard.Reports;

/// <summary>Serves the reports that the command line wrote.</summary>
internal static class ReportRoutes
{
    /// <summary>Serves <c>/reports/RUN</c>.</summary>
    internal static void MapReports(this WebApplication app)
    {
        var reports = app.Services.GetRequiredService<ReportDirectory>();
        app.MapGet("/api/v1/reports", () => reports.List()).RequireAuthorization(Policies.Look)
            .WithSummary("The reports that the command line wrote").WithTags("runs");
        app.MapGet("/reports/{run}", (string run) =>
            reports.Find(run) is { } path ? Results.File(path, "text/html; charset=utf-8") : Results.NotFound())
            .RequireAuthorization(Policies.Look).ExcludeFromDescription();
    }
}
