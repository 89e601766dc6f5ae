using System.Diagnostics.Metrics;
using FreeMask.Grains;
using FreeMask.Grains.Devices;

namespace FreeMask.Hosting.Operations;

/// <summary>The load of this silo's devices, as gauges.</summary>
internal sealed class DeviceMetrics(ILocalDevices devices) : IHostedService, IDisposable
{
    private readonly Meter _meter = new(Telemetry.Name);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.CreateObservableGauge("freemask.device.queued", () => Measure(d => d.Queued), "{sample}", "Samples that wait for a device");
        _meter.CreateObservableGauge("freemask.device.running", () => Measure(d => d.Running), "{sample}", "Samples in batches under way");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<int>> Measure(Func<LocalDevice, int> value) =>
        devices.Devices.Select(d =>
        {
            var name = d.Address.Key[(d.Address.Key.IndexOf('/', StringComparison.Ordinal) + 1)..];
            return new Measurement<int>(
                value(d),
                new KeyValuePair<string, object?>(Telemetry.Device, name),
                new KeyValuePair<string, object?>(Telemetry.Kind, d.Address.Kind)
            );
        });
}
