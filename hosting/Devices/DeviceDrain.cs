using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;

namespace FreeMask.Hosting.Devices;

/// <summary>
/// Drains this silo's devices before the silo shuts down, while it can still call others: queued samples are given back at once, and
/// running batches have a limited time to finish.
/// </summary>
internal sealed partial class DeviceDrain(ILocalDevices devices, SiloDrainState drain, IGrainFactory grains, ILogger<DeviceDrain> logger)
    : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        drain.Begin();
        try
        {
            // A device without work needs no draining, and may not even have been opened.
            var busy = devices.Devices.Where(d => d.Queued + d.Running > 0);
            await Task.WhenAll(busy.Select(d => grains.GetGrain<IDeviceWorkerGrain>(d.Address.Key).Drain())).WaitAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            // Samples that were not given back are assigned again when this silo counts as lost.
            LogNotEmptied(logger, exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The devices were not emptied before the silo leaves")]
    private static partial void LogNotEmptied(ILogger logger, Exception exception);
}
