using FreeMask.Cli;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Dashboards;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Cli.Verbs;
using FreeMask.Client.Runs;
using FreeMask.Dashboard.Engines;
using FreeMask.Dashboard.Security;
using FreeMask.Dashboard.Tests.Browser;
using FreeMask.GrainInterfaces;
using FreeMask.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;
using Xunit;

[assembly: AssemblyFixture(typeof(MiniDashboard))]

namespace FreeMask.Dashboard.Tests.Browser;

/// <summary>
/// The dashboard as the command line serves it, over a real embedded silo with the bundle <c>mini</c> and two runs: <c>small</c>, which is
/// completed, and <c>paused</c>, whose round is open and has samples that were given up. They are made once for all tests.
/// </summary>
public sealed class MiniDashboard : IAsyncDisposable
{
    /// <summary>The completed run.</summary>
    public const string Small = "small";

    /// <summary>The paused run; its name and prompts are hostile.</summary>
    public const string Paused = "b-id-hostile-paused-b";

    /// <summary>The name of the paused run.</summary>
    public const string HostileName = "<b id=hostile>paused</b>";

    private const string SmallFile = """
        name: small
        seed: 7
        classes: [bus, cat, dog]
        backgrounds: [on the grass, on the road]
        rounds: 1
        samplesPerRound: 12
        model: mini
        generation: {steps: 6, batch: 4}
        mask: {minConfidence: 0}
        scoring: {folds: 2, foldSteps: 2}
        training: {steps: 2, batch: 4}
        """;

    // No mask is that certain: every sample that is masked is given up.
    private const string PausedFile = """
        name: "<b id=hostile>paused</b>"
        seed: 8
        classes: [cat, dog]
        rounds: 1
        samplesPerRound: 8
        model: mini
        generation: {steps: 4, batch: 2, prompts: ["a photo of {a class} <script>window.hostile = 1</script>"]}
        mask: {minConfidence: 0.9999, batch: 2}
        execution: {maxAttempts: 1}
        evaluation: {dataset: none}
        """;

    private readonly PauseBarrier _barrier = new(Paused);
    private readonly Lazy<Task> _started;
    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-dashboard-").FullName;
    private readonly BundleCatalog _bundles = BundleCatalog.Locate(Environment.GetEnvironmentVariable);
    private IEngine? _engine;
    private DashboardServer? _server;

    public MiniDashboard() => _started = new Lazy<Task>(StartAsync);

    /// <summary>The address of the dashboard.</summary>
    public async Task<string> AddressAsync()
    {
        await _started.Value;
        return _server!.Address;
    }

    /// <summary>A run's grain.</summary>
    internal async Task<IRunGrain> RunAsync(string id)
    {
        await _started.Value;
        return _engine!.Run(id);
    }

    /// <summary>Another dashboard over the same runs.</summary>
    /// <param name="isOpen">Whether the runs can be reached at the moment.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    internal async Task<DashboardServer> ServeAsync(Func<bool> isOpen, int port = 0)
    {
        await _started.Value;
        var source = new EngineSource(_folder, () => isOpen() ? _engine : null);
        return await DashboardServer.StartAsync(source, Context, _bundles, null, port, CancellationToken.None);
    }

    /// <summary>Another dashboard over the same runs, with sign-in; the caller starts it.</summary>
    internal async Task<WebApplication> CreateAsync(DashboardOptions options, TimeProvider time)
    {
        await _started.Value;
        return DashboardApp.Create(new DashboardSetup
        {
            Source = new EngineSource(_folder, () => _engine),
            Urls = ["http://127.0.0.1:0"],
            Options = options,
            Time = time,
        });
    }

    /// <summary>The command line in this process on the same data folder.</summary>
    /// <returns>Its exit code and its standard output.</returns>
    public async Task<(int ExitCode, string Output)> CommandAsync(params string[] args)
    {
        await _started.Value;
        var (output, error) = (new StringWriter(), new StringWriter());
        var environment = new CliEnvironment
        {
            Out = output,
            Error = error,
            Environment = name => Environment.GetEnvironmentVariable(name),
            Time = TimeProvider.System,
            OpenEngine = Opener,
            OpenDocument = _ => false,
            Console = writer => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) }),
        };
        var code = await CommandLine.RunAsync([.. args, "--data", _folder], environment, CancellationToken.None);
        return (code, output.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        if (_engine is not null) await _engine.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private EngineOpener Opener => SiloEngine.With((services, bundles) =>
    {
        services.AddFreeMaskPipeline(bundles.ModelsFolder);
        services.AddSingleton(_barrier.Around);
    });

    private CommandContext Context => new()
    {
        Out = AnsiConsole.Console,
        Error = AnsiConsole.Console,
        Json = false,
        Data = new DataFolder(_folder),
        Quiet = true,
        Time = TimeProvider.System,
    };

    private async Task StartAsync()
    {
        var context = Context;
        _engine = await Opener(new EngineAddress(context.Data, null, []), _bundles, CancellationToken.None);
        var source = new EngineSource(_folder, () => _engine);
        _server = await DashboardServer.StartAsync(source, context, _bundles, null, 0, CancellationToken.None);
        var starter = new RunStarter(source, context, _bundles);
        foreach (var file in (string[])[SmallFile, PausedFile])
            source.NoteWork(await starter.StartAsync(file, again: false, CancellationToken.None));
        await UntilAsync(Paused, status => status.Rounds is [{ Counts.Quarantined: >= 2 }]);
        await _engine.Run(Paused).Pause("to look at it");
        _barrier.Open();
        await UntilAsync(Paused, status => status.Idle);
        var ended = await UntilAsync(Small, status => status.State is RunState.Completed or RunState.Failed);
        Assert.True(ended.State == RunState.Completed, ended.Reason);
    }

    private async Task<RunStatus> UntilAsync(string run, Func<RunStatus, bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (true)
        {
            var status = await _engine!.Run(run).GetStatus();
            if (holds(status)) return status;
            await Task.Delay(50, patience.Token);
        }
    }
}
