using FreeMask.GrainInterfaces;
using Microsoft.Extensions.Options;

namespace FreeMask.Silo.Hosting;

/// <summary>Wakes the runs that were at work when their silo died, once the silo stands. What a run does then is its own business: waking twice does no harm.</summary>
internal sealed partial class RunWaker(IGrainFactory grains, IOptions<SiloOptions> options, ILogger<RunWaker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.WakeRuns) return;
        foreach (var run in await grains.GetGrain<IRunDirectoryGrain>(0).List())
        {
            var grain = grains.GetGrain<IRunGrain>(run);
            var status = await grain.GetStatus();
            if (status.State != RunState.Running) continue;
            LogWaking(logger, run);
            await grain.Resume();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Run {Run} goes on")]
    private static partial void LogWaking(ILogger logger, string run);
}
