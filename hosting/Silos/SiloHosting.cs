using System.Net;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Devices;
using FreeMask.Grains.Roles;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Artifacts;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Devices;
using FreeMask.Hosting.Security;
using FreeMask.Hosting.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Storage;

namespace FreeMask.Hosting.Silos;

/// <summary>
/// Adds a FreeMask silo to a host. Clustering, grain storage and reminders come from section <c>Orleans</c> by provider type. Without that
/// section there is one silo: localhost clustering, SQLite state and reminders in memory.
/// </summary>
internal static class SiloHosting
{
    /// <summary>The default cluster id and service id.</summary>
    internal const string DefaultCluster = "freemask";

    /// <summary>Adds the silo. The caller registers an <see cref="Grains.Stages.IStageRunnerFactory"/> and an
    /// <see cref="Grains.Stages.ISegmenterTraining"/>.</summary>
    /// <exception cref="FreeMaskException">The configuration cannot be used; the message names the key.</exception>
    public static TBuilder AddFreeMaskSilo<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder =>
        builder.AddFreeMaskSilo(UseClustering);

    /// <summary>Adds the silo to a cluster that the caller configures.</summary>
    internal static TBuilder AddFreeMaskSilo<TBuilder>(this TBuilder builder, Action<ISiloBuilder> clustering)
        where TBuilder : IHostApplicationBuilder
    {
        UseDefaults(builder.Configuration);
        ProviderCheck.CheckSilo(builder.Configuration);
        var services = builder.Services;
        services.AddAzureGrainStorage(builder.Configuration);
        string[] sections = ["Artifacts", "Collection", "Coordination", "Devices", "DeviceWorker", "Tls"];
        services.AddCheckedOptions<FreeMaskOptions>("FreeMask", sections);
        services.AddCheckedOptions<CoordinationOptions>("FreeMask:Coordination");
        services.AddOptions<CoordinationOptions>().Configure<IOptions<FreeMaskOptions>>(
            (coordination, all) => coordination.ResumeRuns = all.Value.ResumeRuns);
        services.AddCheckedOptions<DeviceWorkerOptions>("FreeMask:DeviceWorker");
        services.AddCheckedOptions<CollectionOptions>("FreeMask:Collection");
        services.AddCheckedOptions<DeviceOptions>("FreeMask:Devices");
        // Orleans logs each placement of a grain and each rejected call during a stop; failures that matter reach the caller.
        builder.Logging.AddFilter("Polly", LogLevel.Critical);
        // Before Orleans registers the system clock: grains, leases and grain collection share a clock that never goes back.
        services.AddSingleton<TimeProvider>(new SteadyTimeProvider(TimeProvider.System));
        services.AddArtifactStore();
        services.TryAddSingleton<IComputeEnvironment, UnknownEnvironment>();
        services.AddSingleton<SiloDrainState>();
        services.TryAddSingleton(StageTable.Default);
        services.AddSingleton<SampleRecordCache>();
        services.AddSingleton<ILocalDevices, ConfiguredDevices>();
        services.AddSingleton<ClusterDevices>();
        services.AddSingleton<IDeviceDirectory>(s => s.GetRequiredService<ClusterDevices>());
        // A stop takes as long as the drain timeout, and some time for handing grains over.
        services.AddOptions<HostOptions>().Configure<IOptions<DeviceWorkerOptions>>(
            (host, worker) => host.ShutdownTimeout = worker.Value.DrainTimeout + worker.Value.StopTimeout + TimeSpan.FromSeconds(25));
        // The Orleans serializer for every storage provider, registered before Orleans registers its default: stored bytes depend only on
        // the ids in the contracts.
        services.AddSingleton<IGrainStorageSerializer, OrleansGrainStorageSerializer>();
        // Hosted services start in this order and stop in the reverse order: tables are ready before Orleans reads them, and devices are
        // drained while calls still work.
        services.AddHostedService<PostgreSqlTables>();
        services.AddHostedService<AzureStorageCheck>();
        builder.UseOrleans(silo =>
        {
            clustering(silo);
            ConfigureSilo(silo);
        });
        services.AddHostedService(s => s.GetRequiredService<ClusterDevices>());
        services.AddHostedService<RunRecoveryService>();
        services.AddHostedService<ArtifactCollection>();
        services.AddHostedService<DeviceDrain>();
        return builder;
    }

    private static void UseClustering(ISiloBuilder silo)
    {
        if (ProviderCheck.IsClustered(silo.Configuration))
        {
            silo.Services.Configure<ClusterMembershipOptions>(UseQuickMembership);
            silo.Services.AddOptions<ClusterMembershipOptions>().BindConfiguration("Orleans:ClusterMembership");
            UseEndpoints(silo);
            if (KubernetesPod.IsCurrent(silo.Configuration)) KubernetesPod.Use(silo);
        }
        else
        {
            if (silo.Configuration.GetSection(TlsFiles.Section).Exists())
                throw new FreeMaskException(
                    $"{TlsFiles.Section} is for the silos of a cluster; one that stands alone listens on loopback only. Remove the "
                        + "section, or set Orleans:Clustering."
                );
            var endpoints = silo.Configuration.GetSection("Orleans:Endpoints");
            silo.UseLocalhostClustering(
                endpoints.GetValue("SiloPort", EndpointOptions.DEFAULT_SILO_PORT),
                endpoints.GetValue("GatewayPort", EndpointOptions.DEFAULT_GATEWAY_PORT),
                serviceId: silo.Configuration["Orleans:ServiceId"] ?? DefaultCluster,
                clusterId: silo.Configuration["Orleans:ClusterId"] ?? DefaultCluster
            );
            silo.Configure<EndpointOptions>(o => o.AdvertisedIPAddress = IPAddress.Loopback);
        }
    }

    /// <summary>
    /// A member of a cluster listens on loopback unless <c>Orleans:Endpoints</c> says otherwise; in Kubernetes on the pod's address.
    /// </summary>
    private static void UseEndpoints(ISiloBuilder silo)
    {
        if (!KubernetesPod.IsCurrent(silo.Configuration))
            silo.Configure<EndpointOptions>(o => o.AdvertisedIPAddress ??= IPAddress.Loopback);
        var tls = ClusterTls.OfSilo(silo.Configuration);
        if (tls is not null) silo.Configure<SiloConnectionOptions>(tls.Apply);
        else silo.Services.AddHostedService<UnprotectedClusterWarning>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(s => new PeerCheck(
            tls,
            s.GetRequiredService<ISiloStatusOracle>(),
            s.GetRequiredService<ILocalSiloDetails>(),
            s.GetRequiredService<IFatalErrorHandler>(),
            s.GetRequiredService<TimeProvider>()
        ));
    }

    private static void ConfigureSilo(ISiloBuilder silo)
    {
        if (!silo.Configuration.GetSection("Orleans:Reminders").Exists()) silo.UseInMemoryReminderService();
        if (silo.Configuration.GetValue<bool>($"FreeMask:{nameof(FreeMaskOptions.OrleansDashboard)}")) silo.AddDashboard();
        silo.Services.AddPlacementDirector<OwnSiloPlacement, OwnSiloPlacementDirector>();
        silo.Services.AddOptions<GrainTypeOptions>().PostConfigure<IOptions<FreeMaskOptions>>(
            (types, options) =>
            {
                types.Classes.ExceptWith(RoleGrains.NotHostedBy(options.Value.ParsedRoles));
                // Known by their assembly, without the services that they need.
                if (!options.Value.OrleansDashboard) types.Classes.RemoveWhere(t => t.Assembly == typeof(DashboardOptions).Assembly);
            });
    }

    /// <summary>
    /// A dead silo is detected within seconds: three probes of 2 s (5 s if answers are slow) are missed, and another silo agrees. After
    /// the death of the whole cluster a starting silo waits at most three times 5 s for its dead predecessors.
    /// </summary>
    private static void UseQuickMembership(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(2);
        options.MinProbeTimeout = TimeSpan.FromSeconds(2);
        options.MaxProbeTimeout = TimeSpan.FromSeconds(5);
        options.NumMissedProbesLimit = 3;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(10);
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
    }

    /// <summary>The environment of a host without stages: nothing is compared.</summary>
    private sealed class UnknownEnvironment : IComputeEnvironment
    {
        public string Arithmetic => "unknown";

        public Task<string?> HashBundleAsync(string model, CancellationToken cancellationToken) => Task.FromResult<string?>(null);
    }

    /// <summary>
    /// Default configuration. Orleans binds its providers while the host is built, so the defaults have to be in the configuration.
    /// </summary>
    private static void UseDefaults(IConfigurationManager configuration)
    {
        var data = configuration["FreeMask:DataFolder"] ?? FreeMaskOptions.DefaultDataFolder;
        var defaults = new Dictionary<string, string?>
        {
            ["FreeMask:DataFolder"] = data,
            ["Orleans:ServiceId"] = DefaultCluster,
            ["Orleans:ClusterId"] = DefaultCluster,
        };
        if (ProviderCheck.IsClustered(configuration))
        {
            defaults["FreeMask:DeviceWorker:DrainTimeout"] = "00:01:00";
        }
        else
        {
            defaults["Orleans:Name"] = "local";
            foreach (var name in new[] { StorageNames.Coordination, StorageNames.Samples })
            {
                if (configuration[$"Orleans:GrainStorage:{name}:ProviderType"] is not null) continue;
                defaults[$"Orleans:GrainStorage:{name}:ProviderType"] = "Sqlite";
                defaults[$"Orleans:GrainStorage:{name}:Path"] = Path.Combine(data, "state.db");
            }
        }

        foreach (var (key, value) in defaults)
            if (configuration[key] is null) configuration[key] = value;
    }
}
