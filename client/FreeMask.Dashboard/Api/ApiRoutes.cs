using FreeMask.Client.Json;
using FreeMask.Dashboard.Security;
using FreeMask.Dashboard.Services;

namespace FreeMask.Dashboard.Api;

/// <summary>The interface for programs, under <c>/api/v1</c>; <c>/openapi/v1.json</c> describes it.</summary>
internal static class ApiRoutes
{
    internal static void MapApi(this WebApplication app, TimeProvider time)
    {
        var look = app.MapGroup("/api/v1").RequireAuthorization(Policies.Look).AddEndpointFilter<ApiProblems>();
        var change = app.MapGroup("/api/v1").RequireAuthorization(Policies.Change).AddEndpointFilter<ApiProblems>().DisableAntiforgery();
        RunEndpoints.Map(look, change);
        SampleEndpoints.Map(look);
        ExportEndpoints.Map(look, change);
        look.MapGet("/cluster", async (ClusterFeed cluster, CancellationToken stop) =>
            Results.Json(new ClusterDocument(time.GetUtcNow(), await cluster.ReadAsync(stop)), JsonDocuments.Options))
            .WithSummary("The silos with their devices").WithTags("cluster");
        change.MapPost("/cluster/silos/{silo}/drain", async (string silo, ClusterFeed cluster, CancellationToken stop) =>
        {
            await cluster.DrainAsync(silo, stop);
            return Results.Json(new ClusterDocument(time.GetUtcNow(), await cluster.ReadAsync(stop)), JsonDocuments.Options);
        }).WithSummary("Takes the devices of a silo out of work until it is restarted").WithTags("cluster");
        look.MapFallback("{**rest}", () => ApiProblems.Missing("such resource; /openapi/v1.json lists those there are"))
            .ExcludeFromDescription();
    }
}
