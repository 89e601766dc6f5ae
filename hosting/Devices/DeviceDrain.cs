using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;

namespace FreeMask.Hosting.Devices;

/// <summary>
/// Empties this silo's devices before the silo leaves, while it can still call the others: what waits is given back at once, and batches
/// under way may finish for a while.
/// </summary>
internal sealed partial class DeviceDrain(ILocalDevices devices, SiloDrainState drain, IGrainFactory grains, ILogger<DeviceDrain> logger) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        drain.Begin();
        try
        {
            // A device that has nothing to do needs no emptying, and may not even have been opened.
            var busy = devices.Devices.Where(d => d.Queued + d.Running > 0);
            await Task.WhenAll(busy.Select(d => grains.GetGrain<IDeviceWorkerGrain>(d.Address.Key).Drain())).WaitAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            // The samples of what was not given back are taken back when this silo counts as lost.
            LogNotEmptied(logger, exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The devices were not emptied before the silo leaves")]
    private static partial void LogNotEmptied(ILogger logger, Exception exception);
}
