using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Operations;
using Microsoft.Extensions.Configuration.Memory;
using Orleans.Configuration;

namespace FreeMask.Hosting.Silos;

/// <summary>The program of a cluster member: configuration, a silo, health and telemetry.</summary>
internal static class SiloProgram
{
    private const int Failed = 1, BadInput = 2;

    // One line for each event, with its time. Without Orleans' dump of its configuration, and without the host's repetition of start
    // failures.
    private static readonly KeyValuePair<string, string?>[] LogDefaults =
    [
        new("Logging:Console:FormatterName", "simple"),
        new("Logging:Console:FormatterOptions:SingleLine", "true"),
        new("Logging:Console:FormatterOptions:UseUtcTimestamp", "true"),
        new("Logging:Console:FormatterOptions:TimestampFormat", "yyyy-MM-ddTHH:mm:ss.fffZ "),
        new("Logging:LogLevel:Default", "Information"),
        new("Logging:LogLevel:Microsoft", "Warning"),
        new("Logging:LogLevel:Microsoft.Hosting.Lifetime", "Information"),
        new("Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host", "None"),
        new("Logging:LogLevel:Orleans", "Warning"),
    ];

    /// <summary>
    /// Runs a silo until it is stopped. Configuration comes from <c>appsettings.json</c>, from the files of <c>--config FILE</c> (later
    /// ones take precedence), from environment variables (those with the prefix <c>FREEMASK_</c> take precedence), and from arguments
    /// (<c>--Key=value</c>).
    /// </summary>
    /// <param name="args">The arguments; <see cref="SiloArguments"/>.</param>
    /// <param name="services">Registers the stage runners and the training.</param>
    /// <param name="sections">Sections that the program reads in addition to the silo's.</param>
    /// <returns>The exit code: 0 stopped, or the probed silo is healthy; 1 failed, 2 the configuration cannot be used.</returns>
    public static async Task<int> RunAsync(string[] args, Action<IServiceCollection, IConfiguration> services, params string[] sections)
    {
        try
        {
            var arguments = SiloArguments.Parse(args, sections);
            if (arguments.Help)
            {
                await Console.Out.WriteLineAsync(SiloArguments.Usage);
                return 0;
            }

            if (arguments.Probe is { } address) return await HealthProbe.RunAsync(address);

            await using var app = Build(arguments, services);
            return await RunAsync(app);
        }
        catch (Exception exception) when (ConfigurationProblems.Of(exception) is { } problems)
        {
            foreach (var problem in problems) await Console.Error.WriteLineAsync(Secrets.Hide(problem));
            return BadInput;
        }
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync(Secrets.Hide($"The silo ends: {exception}"));
            return Failed;
        }
    }

    private static async Task<int> RunAsync(WebApplication app)
    {
        var failure = new StartFailure(app.Configuration);
        using var folder = OwnFolder(app);
        // Otherwise it would be opened with the first sample, and fail then.
        _ = app.Services.GetRequiredService<IArtifactStore>();
        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (Exception exception) when (failure.Explain(exception) is { } explanation)
        {
            await Console.Error.WriteLineAsync(Secrets.Hide(explanation));
            return Failed;
        }
    }

    /// <summary>Builds the silo's host.</summary>
    internal static WebApplication Build(SiloArguments arguments, Action<IServiceCollection, IConfiguration> services)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = LogDefaults });
        foreach (var file in arguments.ConfigFiles) builder.Configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        builder.Configuration.AddEnvironmentVariables();
        builder.Configuration.AddEnvironmentVariables("FREEMASK_");
        builder.Configuration.AddCommandLine(arguments.Settings);
        builder.AddFreeMaskSilo();
        builder.AddOperations();
        builder.Services.AddSingleton<IFatalErrorHandler, FatalSiloError>();
        services(builder.Services, builder.Configuration);
        var app = builder.Build();
        app.MapOperations();
        return app;
    }

    /// <summary>
    /// Locks the data folder of a silo without cluster and publishes its address to clients; null for a member of a cluster, whose state
    /// is elsewhere.
    /// </summary>
    private static DataFolderLock? OwnFolder(WebApplication app)
    {
        var configuration = app.Configuration;
        if (ProviderCheck.IsClustered(configuration)) return null;
        var folder = DataFolderLock.Take(configuration["FreeMask:DataFolder"]!);
        // Clients that find a silo by its folder use the default cluster id.
        if (
            configuration["Orleans:ClusterId"] == SiloHosting.DefaultCluster
            && configuration["Orleans:ServiceId"] == SiloHosting.DefaultCluster
        )
            app.Lifetime.ApplicationStarted.Register(() =>
                folder.Announce(configuration.GetValue("Orleans:Endpoints:GatewayPort", EndpointOptions.DEFAULT_GATEWAY_PORT))
            );
        return folder;
    }
}
