using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Operations;
using Microsoft.Extensions.Configuration.Memory;
using Orleans.Configuration;

namespace FreeMask.Hosting.Silos;

/// <summary>The program of a cluster member: configuration from files, environment and arguments, a silo, and what operators need.</summary>
public static class SiloProgram
{
    private const int Failed = 1, BadInput = 2;

    // One line an event, with its time. Orleans tells its whole configuration at each start, and the host repeats what is said here when a start fails.
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
    /// Runs a silo until it is told to stop. Configuration comes from <c>appsettings.json</c>, from the files that <c>--config FILE</c> names
    /// (later ones win), from environment variables (those that begin with <c>FREEMASK_</c> win), and from arguments (<c>--Key=value</c>).
    /// </summary>
    /// <param name="args">The arguments; <see cref="SiloArguments"/>.</param>
    /// <param name="services">Registers the stage runners and the training.</param>
    /// <param name="sections">Sections of configuration that the program reads besides the silo's own.</param>
    /// <returns>The exit code: 0 stopped, 1 failed, 2 the configuration cannot be used.</returns>
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

            await using var app = Build(arguments, services);
            return await RunAsync(app);
        }
        catch (Exception exception) when (ConfigurationProblems.Of(exception) is { } problems)
        {
            foreach (var problem in problems) await Console.Error.WriteLineAsync(problem);
            return BadInput;
        }
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync($"The silo ends: {exception}");
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
            await Console.Error.WriteLineAsync(explanation);
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
    /// Takes the data folder for a silo that stands alone, so that no other one writes there, and says where clients find it; null for a member of a cluster,
    /// whose state is elsewhere.
    /// </summary>
    private static DataFolderLock? OwnFolder(WebApplication app)
    {
        var configuration = app.Configuration;
        if (ProviderCheck.IsClustered(configuration)) return null;
        var folder = DataFolderLock.Take(configuration["FreeMask:DataFolder"]!);
        // Clients that find a silo by its folder know only the usual cluster.
        if (configuration["Orleans:ClusterId"] == SiloHosting.DefaultCluster && configuration["Orleans:ServiceId"] == SiloHosting.DefaultCluster)
            app.Lifetime.ApplicationStarted.Register(() => folder.Announce(configuration.GetValue("Orleans:Endpoints:GatewayPort", EndpointOptions.DEFAULT_GATEWAY_PORT)));
        return folder;
    }
}
