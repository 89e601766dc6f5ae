using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Configuration;
using Microsoft.Extensions.Options;

namespace FreeMask.Hosting.Artifacts;

/// <summary>Requests artifact collections periodically. Requests of several silos are harmless: one collection runs at a time.</summary>
internal sealed partial class ArtifactCollection(
    IGrainFactory grains,
    IOptions<CollectionOptions> options,
    IOptions<FreeMaskOptions> silo,
    TimeProvider time,
    ILogger<ArtifactCollection> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Interval == TimeSpan.Zero || !silo.Value.ParsedRoles.HasFlag(SiloRoles.Coordinator)) return;
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await AskAsync();
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private async Task AskAsync()
    {
        try
        {
            await grains.GetGrain<IArtifactCollectorGrain>(0).Collect();
        }
        catch (Exception exception)
        {
            LogNotAsked(logger, exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Artifacts cannot be collected now; the next time is tried again")]
    private static partial void LogNotAsked(ILogger logger, Exception exception);
}
