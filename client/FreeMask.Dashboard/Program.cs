using FreeMask;
using FreeMask.Client.Runs;
using FreeMask.Dashboard;
using FreeMask.Dashboard.Engines;
using FreeMask.Dashboard.Security;
using FreeMask.Hosting.Operations;
using FreeMask.Hosting.Silos;

// The health check of a container that has no other program: exit code 0 if the address answers.
if (args is ["--probe", var address]) return await HealthProbe.RunAsync(address);

var configuration = new ConfigurationBuilder()
    .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
    .AddEnvironmentVariables("ASPNETCORE_")
    .AddEnvironmentVariables()
    .AddEnvironmentVariables("FREEMASK_")
    .AddCommandLine(args)
    .Build();
try
{
    await using var app = DashboardApp.Create(ProgramSetup.Read(configuration));
    await app.RunAsync();
    return 0;
}
catch (FreeMaskException problem)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return 2;
}

/// <summary>The settings of the program beside silos.</summary>
internal static class ProgramSetup
{
    /// <summary>
    /// Reads <c>cluster</c> (the file of a cluster; also <c>FREEMASK_CLUSTER</c>), <c>data</c> (the data folder; also
    /// <c>FREEMASK_DATA</c>), <c>urls</c> and the section <c>Dashboard</c>.
    /// </summary>
    internal static DashboardSetup Read(IConfiguration configuration)
    {
        var data = configuration["data"] ?? configuration["FREEMASK_DATA"] ?? ".freemask";
        var cluster = configuration["cluster"] ?? configuration["FREEMASK_CLUSTER"];
        return new DashboardSetup
        {
            Source = new ReopeningEngineSource(
                cluster is { Length: > 0 } ? $"cluster {cluster}" : Path.GetFullPath(data),
                stop => OpenAsync(cluster, data, stop),
                TimeProvider.System,
                LoggerFactory.Create(Log).CreateLogger<ReopeningEngineSource>()
            ),
            Urls = (configuration["urls"] ?? $"http://127.0.0.1:{DashboardApp.Port}").Split(
                ';',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
            ),
            Options = DashboardOptions.Read(configuration),
            Reports = data,
            Logging = Log,
        };
    }

    private static void Log(ILoggingBuilder logging) =>
        logging
            .AddSimpleConsole(o => o.SingleLine = true)
            .AddFilter("Orleans", LogLevel.Warning)
            // One warns in every process without server GC; the other takes the machine's uptime for a stalled thread.
            .AddFilter("Orleans.Runtime.Silo", LogLevel.Error)
            .AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error)
            .AddFilter("Microsoft", LogLevel.Warning);

    /// <summary>A cluster, or the records of a data folder: without models no work can be done here.</summary>
    private static async Task<IEngine> OpenAsync(string? cluster, string data, CancellationToken stop)
    {
        if (cluster is { Length: > 0 }) return new ConnectedEngine(await SiloConnection.ConnectAsync(cluster, Log, stop));
        // Reading must not create the folder.
        var records = Path.Combine(data, "state.db");
        if (!File.Exists(records)) return new NoRunsEngine(() => File.Exists(records));
        var options = new EmbeddedSiloOptions { DataFolder = data, Services = _ => { }, Logging = Log };
        return new ConnectedEngine(await SiloConnection.ReadAsync(options, stop), data);
    }
}
