using System.Collections.Immutable;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Domain;

namespace FreeMask.Cli.Checks;

/// <summary>What a silo of a cluster answers before a run.</summary>
/// <param name="Name">The silo.</param>
/// <param name="Devices">Its devices.</param>
/// <param name="Environment">Its environment, with the hash of the run's bundle there.</param>
internal sealed record SiloAnswer(string Name, ImmutableArray<DeviceState> Devices, SiloEnvironment Environment);

/// <summary>Which silos of a cluster could work for a run: whether they have its bundle, and the same one by hash.</summary>
/// <param name="Problems">Why no silo could; empty where one can.</param>
/// <param name="Notes">Why single silos will get no work.</param>
internal sealed record SiloCheck(IReadOnlyList<string> Problems, IReadOnlyList<string> Notes)
{
    /// <summary>Asks every active silo. The first answer about a bundle takes as long as hashing it.</summary>
    internal static async Task<SiloCheck> AskAsync(IGrainFactory grains, RunSpec spec, CancellationToken stop)
    {
        var hosts = await grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: true, stop).WaitAsync(stop);
        var answers = hosts.Select(async host =>
        {
            var silo = grains.GetGrain<IDeviceHostGrain>(DeviceKeys.Silo(host.SiloName, host.SiloAddress.Generation));
            try
            {
                var devices = await silo.GetDevices();
                return devices.IsEmpty ? null : new SiloAnswer(host.SiloName, devices, await silo.GetEnvironment(spec.Model));
            }
            catch (Exception silent) when (silent is TimeoutException or SiloUnavailableException or OrleansMessageRejectionException)
            {
                return new SiloAnswer(host.SiloName, [], new SiloEnvironment("", null, "it does not answer"));
            }
        });
        return Judge(spec, [.. (await Task.WhenAll(answers).WaitAsync(stop)).OfType<SiloAnswer>()]);
    }

    /// <summary>What the answers come to. The run will be bound to the environment that most devices have.</summary>
    /// <param name="spec">The run.</param>
    /// <param name="silos">The silos with devices, and those that do not answer.</param>
    internal static SiloCheck Judge(RunSpec spec, IReadOnlyList<SiloAnswer> silos)
    {
        var chosen = EnvironmentCheck.Choose(
            silos
                .Where(silo => EnvironmentCheck.Refuse(spec, null, silo.Name, silo.Environment, null) is null)
                .SelectMany(silo =>
                    silo.Devices.Select(device => new RunEnvironment(silo.Environment.Arithmetic, device.Kind, silo.Environment.Bundle))
                )
        );
        var refusals = silos
            .OrderBy(silo => silo.Name, StringComparer.Ordinal)
            .SelectMany(silo =>
                silo.Devices.Select(device => (string?)device.Kind)
                    .DefaultIfEmpty(null)
                    .Select(kind => EnvironmentCheck.Refuse(spec, chosen, silo.Name, silo.Environment, kind))
            )
            .OfType<string>()
            .Select(refusal => refusal + ".")
            .Distinct()
            .ToList();
        if (silos.Count == 0) return new([], ["No silo of the cluster has a device that takes work; the run will wait for one."]);
        return chosen is null ? new(refusals, []) : new([], refusals);
    }
}
