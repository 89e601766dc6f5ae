using System.Net;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Devices;
using FreeMask.Silo.Artifacts;
using FreeMask.Silo.Devices;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace FreeMask.Silo.Hosting;

/// <summary>
/// Makes a host a member of FreeMask. Clustering, grain storage and reminders come from section <c>Orleans</c> by provider type; where it says
/// nothing, the silo stands alone: localhost clustering, SQLite state and reminders in memory.
/// </summary>
public static class SiloHosting
{
    /// <summary>The cluster and service that a silo belongs to where nothing else is said.</summary>
    internal const string DefaultCluster = "freemask";

    /// <summary>Adds the silo. The caller registers an <see cref="Grains.Stages.IStageRunnerFactory"/> and an <see cref="Grains.Stages.ISegmenterTraining"/>.</summary>
    public static TBuilder AddFreeMaskSilo<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        UseDefaults(builder.Configuration);
        var services = builder.Services;
        services.AddOptions<SiloOptions>().BindConfiguration("FreeMask").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<CoordinationOptions>().BindConfiguration("FreeMask:Coordination").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<DeviceWorkerOptions>().BindConfiguration("FreeMask:DeviceWorker").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<DeviceOptions>().BindConfiguration("FreeMask:Devices").ValidateDataAnnotations().ValidateOnStart();
        // Each placement of a grain would be two lines, and each call during a stop ten; what matters of them reaches the caller.
        builder.Logging.AddFilter("Polly", LogLevel.Critical);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IArtifactStore>(s =>
            new FolderArtifactStore(s.GetRequiredService<IOptions<SiloOptions>>().Value.ArtifactFolder, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ConfiguredDevices>();
        services.AddSingleton<IDeviceDirectory>(s => s.GetRequiredService<ConfiguredDevices>());
        services.AddSingleton<ILocalDevices>(s => s.GetRequiredService<ConfiguredDevices>());
        services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(30));
        var alone = !builder.Configuration.GetSection("Orleans:Clustering").Exists();
        builder.UseOrleans(silo => ConfigureSilo(silo, alone));
        services.AddHostedService<RunWaker>();
        return builder;
    }

    private static void ConfigureSilo(ISiloBuilder silo, bool alone)
    {
        if (alone)
        {
            var endpoints = silo.Configuration.GetSection("Orleans:Endpoints");
            silo.UseLocalhostClustering(
                endpoints.GetValue("SiloPort", EndpointOptions.DEFAULT_SILO_PORT), endpoints.GetValue("GatewayPort", EndpointOptions.DEFAULT_GATEWAY_PORT),
                serviceId: silo.Configuration["Orleans:ServiceId"] ?? DefaultCluster, clusterId: silo.Configuration["Orleans:ClusterId"] ?? DefaultCluster);
            silo.Configure<EndpointOptions>(o => o.AdvertisedIPAddress = IPAddress.Loopback);
        }

        if (!silo.Configuration.GetSection("Orleans:Reminders").Exists()) silo.UseInMemoryReminderService();
    }

    /// <summary>What configuration does not say. Orleans binds its providers while the host is built, so the defaults are configuration too.</summary>
    private static void UseDefaults(IConfigurationManager configuration)
    {
        var data = configuration["FreeMask:DataFolder"] ?? SiloOptions.DefaultDataFolder;
        var defaults = new Dictionary<string, string?>
        {
            ["FreeMask:DataFolder"] = data,
            ["Orleans:ServiceId"] = DefaultCluster,
            ["Orleans:ClusterId"] = DefaultCluster,
        };
        foreach (var name in new[] { StorageNames.Coordination, StorageNames.Samples })
        {
            if (configuration.GetSection($"Orleans:GrainStorage:{name}").Exists()) continue;
            defaults[$"Orleans:GrainStorage:{name}:ProviderType"] = "Sqlite";
            defaults[$"Orleans:GrainStorage:{name}:Path"] = Path.Combine(data, "state.db");
        }

        foreach (var (key, value) in defaults)
            if (configuration[key] is null) configuration[key] = value;
    }
}
