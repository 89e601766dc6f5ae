using System.Collections.Immutable;
using FreeMask.Grains.Stages;
using Microsoft.Extensions.Logging;

namespace FreeMask.Grains.Devices;

/// <summary>Reports the devices of its silo.</summary>
[PlaceOnOwnSilo, KeepAlive]
internal sealed partial class DeviceHostGrain(
    ILocalDevices devices,
    IComputeEnvironment environment,
    ISegmenterTraining training,
    IClusterManifestProvider manifests,
    SiloDrainState drain,
    ILogger<DeviceHostGrain> logger
) : Grain, IDeviceHostGrain
{
    public Task<ImmutableArray<DeviceState>> GetDevices() => Task.FromResult<ImmutableArray<DeviceState>>(drain.IsDraining
        ? []
        :
        [
            .. devices.Devices.Where(d => !d.Hangs).Select(d =>
                new DeviceState(d.Address.Key, d.Address.Kind, d.Queued + d.Running) { Batches = d.Batches.Read() }),
        ]);

    public Task Drain()
    {
        if (drain.IsDraining) return Task.CompletedTask;
        drain.Begin();
        LogDrained(logger, this.GetPrimaryKeyString());
        // A device without work needs no draining, and may not even have been opened.
        foreach (var device in devices.Devices)
            if (device.Queued + device.Running > 0) GrainFactory.GetGrain<IDeviceWorkerGrain>(device.Address.Key).Drain().Ignore();
        return Task.CompletedTask;
    }

    public Task<bool> IsDraining() => Task.FromResult(drain.IsDraining);

    public Task<SiloEnvironment> GetEnvironment(string model) => environment.DescribeAsync(model, CancellationToken.None);

    public async Task<TrainingOffer> GetTrainingOffer(RunSpec spec)
    {
        var type = GrainFactory.GetGrain<ITrainerGrain>(spec.Name).GetGrainId().Type;
        if (!manifests.LocalGrainManifest.Grains.ContainsKey(type)) return new TrainingOffer(HostsTrainers: false);
        return new TrainingOffer(
            HostsTrainers: true,
            training.Refuse(spec),
            await training.FindLackAsync(spec, JobKind.Train, CancellationToken.None),
            await training.FindLackAsync(spec, JobKind.Evaluate, CancellationToken.None)
        );
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Silo} is drained: its devices take no work until it is restarted")]
    private static partial void LogDrained(ILogger logger, string silo);
}
