using System.Collections.Immutable;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Domain;

namespace FreeMask.Cli.Checks;

/// <summary>What a silo of a cluster answers before a run.</summary>
/// <param name="Name">The silo.</param>
/// <param name="Devices">Its devices.</param>
/// <param name="Environment">Its environment, with the hash of the run's bundle there.</param>
/// <param name="Offer">Whether it can train and evaluate for the run.</param>
internal sealed record SiloAnswer(
    string Name,
    ImmutableArray<DeviceState> Devices,
    SiloEnvironment Environment,
    TrainingOffer Offer
)
{
    /// <summary>Whether the silo works for runs: has devices, does not answer, or trains.</summary>
    internal bool Works => !Devices.IsEmpty || Environment.Problem is not null || Offer.HostsTrainers;
}

/// <summary>
/// Which silos of a cluster could work for a run: whether they have its bundle, and the same one by hash, and whether those that train
/// have the data that trainings and evaluations read.
/// </summary>
/// <param name="Problems">Why no silo could; empty where one can.</param>
/// <param name="Notes">Why single silos will get no work.</param>
internal sealed record SiloCheck(IReadOnlyList<string> Problems, IReadOnlyList<string> Notes)
{
    /// <summary>Asks every active silo. The first answer takes as long as hashing the bundle and the data sets.</summary>
    internal static async Task<SiloCheck> AskAsync(IGrainFactory grains, RunSpec spec, CancellationToken stop)
    {
        var hosts = await grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: true, stop).WaitAsync(stop);
        var answers = hosts.Select(async host =>
        {
            var silo = grains.GetGrain<IDeviceHostGrain>(DeviceKeys.Silo(host.SiloName, host.SiloAddress.Generation));
            try
            {
                var (devices, offer) = (await silo.GetDevices(), await silo.GetTrainingOffer(spec));
                // One that only coordinates needs no bundle.
                var works = !devices.IsEmpty || offer.HostsTrainers;
                var environment = works ? await silo.GetEnvironment(spec.Model) : new SiloEnvironment("", null, null);
                return new SiloAnswer(host.SiloName, devices, environment, offer);
            }
            catch (Exception silent) when (silent is TimeoutException or SiloUnavailableException or OrleansMessageRejectionException)
            {
                return new SiloAnswer(host.SiloName, [], new SiloEnvironment("", null, "it does not answer"), new(HostsTrainers: false));
            }
        });
        return Judge(spec, await Task.WhenAll(answers).WaitAsync(stop));
    }

    /// <summary>What the answers come to. The run will be bound to the environment that most devices have.</summary>
    /// <param name="spec">The run.</param>
    /// <param name="answers">The answers of all silos.</param>
    internal static SiloCheck Judge(RunSpec spec, IReadOnlyList<SiloAnswer> answers)
    {
        var silos = answers.Where(silo => silo.Works).OrderBy(silo => silo.Name, StringComparer.Ordinal).ToList();
        var (made, trained) = (OfDevices(spec, silos), OfTrainers(silos));
        return new([.. made.Problems, .. trained.Problems], [.. made.Notes, .. trained.Notes]);
    }

    private static SiloCheck OfDevices(RunSpec spec, List<SiloAnswer> silos)
    {
        var chosen = EnvironmentCheck.Choose(
            silos
                .Where(silo => EnvironmentCheck.Refuse(spec, null, silo.Name, silo.Environment, null) is null)
                .SelectMany(silo =>
                    silo.Devices.Select(device => new RunEnvironment(silo.Environment.Arithmetic, device.Kind, silo.Environment.Bundle))
                )
        );
        var refusals = silos
            .SelectMany(silo =>
                silo.Devices.Select(device => (string?)device.Kind)
                    .DefaultIfEmpty(null)
                    .Select(kind => EnvironmentCheck.Refuse(spec, chosen, silo.Name, silo.Environment, kind))
            )
            .OfType<string>()
            .Select(refusal => refusal + ".")
            .Distinct()
            .ToList();
        if (silos.All(silo => silo.Devices.IsEmpty && silo.Environment.Problem is null))
            return new([], ["No silo of the cluster has a device that takes work; the run will wait for one.", .. refusals]);
        return chosen is null ? new(refusals, []) : new([], refusals);
    }

    /// <summary>Trainings and evaluations go to silos that have their data; those of one kind may be on others than those of the
    /// other.</summary>
    private static SiloCheck OfTrainers(List<SiloAnswer> silos)
    {
        var hosts = silos.Where(silo => silo.Offer.HostsTrainers).ToList();
        var trainers = hosts.Where(silo => silo.Offer.Refusal is null).ToList();
        var (problems, notes) = (new List<string>(), new List<string>());
        if (hosts.Count > 0 && trainers.Count == 0)
            notes.AddRange(hosts.Select(silo => $"silo {silo.Name} cannot train for this run: {silo.Offer.Refusal}."));
        Add(trainers, "trains nothing", silo => silo.Offer.TrainingLack);
        Add(hosts, "evaluates nothing", silo => silo.Offer.EvaluationLack);
        return new(problems, notes);

        void Add(List<SiloAnswer> asked, string refuses, Func<SiloAnswer, string?> lackOf)
        {
            var lacking = asked.Where(silo => lackOf(silo) is not null).ToList();
            (lacking.Count == asked.Count ? problems : notes)
                .AddRange(lacking.Select(silo => $"silo {silo.Name} {refuses} for this run: {lackOf(silo)}"));
        }
    }
}
