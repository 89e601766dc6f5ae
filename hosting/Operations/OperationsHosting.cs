using FreeMask.Grains;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry;
using OpenTelemetry.Resources;

namespace FreeMask.Hosting.Operations;

/// <summary>
/// Health and telemetry of a silo: <c>/health/live</c> (the process answers), <c>/health/ready</c> (it is an active member of the cluster,
/// takes work and reaches its artifact store), and metrics and traces, exported to <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>.
/// </summary>
internal static class OperationsHosting
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", Ready = "ready";

    /// <summary>Adds health checks and telemetry.</summary>
    public static void AddOperations(this WebApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks()
            .AddCheck<MembershipCheck>("membership", tags: [Ready])
            .AddCheck<ArtifactCheck>("artifacts", tags: [Ready], timeout: TimeSpan.FromSeconds(5));
        builder.Services.AddSingleton<DeviceMetrics>();
        builder.Services.AddHostedService(s => s.GetRequiredService<DeviceMetrics>());
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("freemask-silo", serviceInstanceId: builder.Configuration["Orleans:Name"]))
            .WithMetrics(metrics => metrics.AddMeter(Telemetry.Name, "Microsoft.Orleans"))
            .WithTracing(traces => traces.AddSource(Telemetry.Name, "Microsoft.Orleans.Application"));
        if (!string.IsNullOrEmpty(builder.Configuration[Endpoint])) telemetry.UseOtlpExporter();
    }

    /// <summary>Maps the health endpoints.</summary>
    public static void MapOperations(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks(
            "/health/ready",
            new HealthCheckOptions { Predicate = c => c.Tags.Contains(Ready), ResponseWriter = WriteAsync }
        );
    }

    /// <summary>One line for each check, so that a failing one is visible with its reason.</summary>
    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(string.Concat(report.Entries.Select(e => $"{e.Key}: {e.Value.Status} {e.Value.Description}\n")));
    }
}
