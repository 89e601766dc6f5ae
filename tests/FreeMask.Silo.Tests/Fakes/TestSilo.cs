using System.Collections.Concurrent;
using System.Collections.Immutable;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Silos;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FreeMask.Silo.Tests.Fakes;

/// <summary>An embedded silo on a data folder, with fake stages, SQLite state with injected faults, and real artifacts.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<RunState>> _resting = new();
    private EmbeddedSilo _silo = null!;

    private TestSilo(StorageFaults faults)
    {
        Faults = faults;
        Stages = new FakeStages { Store = () => _silo.Artifacts };
        Training = new FakeTraining { Store = () => _silo.Artifacts };
        faults.Written = (name, key, value) =>
        {
            if (value is Stored<RunRecord> { Value: { State: not RunState.Running } run }) Resting(key).TrySetResult(run.State);
        };
    }

    public StorageFaults Faults { get; }

    public FakeStages Stages { get; }

    public FakeTraining Training { get; }

    public IGrainFactory Grains => _silo.Grains;

    public IArtifactStore Artifacts => _silo.Artifacts;

    public IServiceProvider Services => _silo.Services;

    /// <summary>Starts a silo.</summary>
    /// <param name="folder">Its data folder.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="faults">Faults of its storage.</param>
    /// <param name="settings">Settings besides those of every test.</param>
    /// <param name="services">Additional services; they take precedence.</param>
    public static async Task<TestSilo> StartAsync(
        string folder,
        CancellationToken cancellationToken,
        StorageFaults? faults = null,
        IEnumerable<KeyValuePair<string, string?>>? settings = null,
        Action<IServiceCollection>? services = null)
    {
        var test = new TestSilo(faults ?? new StorageFaults());
        test._silo = await EmbeddedSilo.StartAsync(
            new EmbeddedSiloOptions
            {
                DataFolder = folder,
                StopWithin = TimeSpan.FromSeconds(20),
                Settings = new Dictionary<string, string?>(Defaults(settings ?? []))
                {
                    ["FreeMask:Coordination:ReconcileInterval"] = "00:00:00.020",
                    ["FreeMask:Coordination:RetryDelay"] = "00:00:00.005",
                    ["FreeMask:Coordination:Lease"] = "00:00:01",
                },
                Services = all =>
                {
                    test.Register(all);
                    services?.Invoke(all);
                },
                Logging = Environment.GetEnvironmentVariable("FREEMASK_TEST_LOG") is { } level
                    ? logging => logging.AddConsole().SetMinimumLevel(Enum.Parse<LogLevel>(level))
                    : null,
            },
            cancellationToken);
        return test;
    }

    /// <summary>A run of 2 rounds of 12 samples in shards of 5.</summary>
    public static RunSpec SmallSpec { get; } = new()
    {
        Name = "small",
        Seed = 42,
        Classes = ["cat", "dog", "bus"],
        Backgrounds = ["grass", "road"],
        Rounds = 2,
        SamplesPerRound = 12,
        Generation = new GenerationSpec { Batch = 4 },
        Mask = new MaskSpec { Batch = 4 },
        Scoring = new ScoringSpec { Batch = 4 },
        Training = new TrainingSpec { Steps = 6, CheckpointSteps = 2 },
        Execution = new ExecutionSpec { ShardSize = 5, MaxAttempts = 8 },
    };

    public IRunGrain Run(string id) => Grains.GetGrain<IRunGrain>(id);

    /// <summary>Waits until the run's record says that it no longer runs.</summary>
    public async Task<RunState> RestingAsync(string id) => await Resting(id).Task.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>Forgets that a run ended, before it is started again.</summary>
    public void Arm(string id) => _resting.TryRemove(id, out _);

    /// <summary>Starts a run and waits for its end.</summary>
    public async Task<RunStatus> CompleteAsync(string id, RunSpec spec)
    {
        await Run(id).Start(spec);
        await RestingAsync(id);
        return await Run(id).GetStatus();
    }

    public async Task<ImmutableArray<SampleRecord>> SamplesAsync(string id, int round)
    {
        var samples = ImmutableArray.CreateBuilder<SampleRecord>();
        for (int? from = 0; from is { } start;)
        {
            var page = await Run(id).GetSamples(new SampleQuery { Round = round, From = start, Limit = 7 });
            samples.AddRange(page.Samples);
            from = page.Next;
        }

        return samples.ToImmutable();
    }

    public Task StopAsync() => _silo.StopAsync();

    public ValueTask DisposeAsync() => _silo.DisposeAsync();

    // Tests that are not about collection assert on artifacts that it would remove.
    private static IEnumerable<KeyValuePair<string, string?>> Defaults(IEnumerable<KeyValuePair<string, string?>> settings) =>
        settings.Any(s => s.Key == "FreeMask:Collection:Interval")
            ? settings
            : settings.Append(new("FreeMask:Collection:Interval", "00:00:00"));

    private TaskCompletionSource<RunState> Resting(string id) =>
        _resting.GetOrAdd(id, _ => new TaskCompletionSource<RunState>(TaskCreationOptions.RunContinuationsAsynchronously));

    private void Register(IServiceCollection services)
    {
        services.AddSingleton<IStageRunnerFactory>(Stages);
        services.AddSingleton<ISegmenterTraining>(Training);
        Faults.Register(services);
    }
}
