using FreeMask.Client.Json;
using FreeMask.Dashboard.Services;
using Microsoft.AspNetCore.Http.Features;

namespace FreeMask.Dashboard.Api;

/// <summary>Exports: what one would hold, one that is written, and its download.</summary>
internal static class ExportEndpoints
{
    internal static void Map(RouteGroupBuilder look, RouteGroupBuilder change)
    {
        look.MapGet("/runs/{run}/export", async (string run, ExportJobs jobs, CancellationToken stop, string? objects = null) =>
            await jobs.PlanAsync(run, objects, stop) is { } plan
                ? Results.Json(plan, JsonDocuments.Options)
                : ApiProblems.Missing($"run '{run}'"))
            .WithSummary("What an export of a run would hold").WithTags("exports");
        change.MapPost("/runs/{run}/export", async (string run, ExportBody? body, ExportJobs jobs, CancellationToken stop) =>
            Results.Json(
                await jobs.BeginAsync(run, body?.Format ?? "voc", body?.Objects, body?.Choice, stop),
                JsonDocuments.Options,
                statusCode: StatusCodes.Status202Accepted
            ))
            .WithSummary("Begins an export").WithTags("exports");
        look.MapGet("/exports/{id}", (string id, ExportJobs jobs) =>
            jobs.Find(id) is { } job ? Results.Json(job, JsonDocuments.Options) : ApiProblems.Missing("export of this id"))
            .WithSummary("An export: how far it is").WithTags("exports");
        look.MapGet("/exports/{id}/zip", (string id, HttpContext context, ExportJobs jobs) =>
        {
            if (jobs.Find(id) is not { Ready: true } job) return ApiProblems.Missing("export of this id that is ready");
            // An entry of a zip file ends with a synchronous write.
            if (context.Features.Get<IHttpBodyControlFeature>() is { } body) body.AllowSynchronousIO = true;
            return Results.Stream(
                output => jobs.SendAsync(id, output, context.RequestAborted),
                "application/zip",
                $"{job.Run}-{job.Format}.zip"
            );
        })
            .WithSummary("The files of an export as a zip file").WithTags("exports");
    }
}
