using System.Text.Json;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>Silos as processes on loopback that find each other through a real store, and a client of theirs.</summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _settings;
    private readonly List<SiloProcess> _all = [];
    private int _names;

    private ProcessCluster(Dictionary<string, string> settings) => _settings = settings;

    /// <summary>The file with which clients connect.</summary>
    public string ClientFile => Path.Combine(_folder.Path, "cluster.json");

    /// <summary>The client.</summary>
    public SiloConnection Client { get; private set; } = null!;

    /// <summary>The living silos, oldest first.</summary>
    public IReadOnlyList<SiloProcess> Living => [.. _all.Where(s => !s.HasExited)];

    /// <summary>Starts the first silo and connects to it.</summary>
    public static async Task<ProcessCluster> StartAsync(
        LocalServices services,
        Provider provider,
        CancellationToken cancellationToken,
        Dictionary<string, string>? firstSilo = null,
        string? workingFolder = null
    )
    {
        var settings = await Providers.SettingsAsync(services, provider, $"cluster-{Guid.NewGuid():N}");
        var cluster = new ProcessCluster(settings);
        settings["FreeMask:Artifacts:Folder"] = Path.Combine(cluster._folder.Path, "artifacts");
        settings["FreeMask:DataFolder"] = cluster._folder.Path;
        settings["Test:BatchMilliseconds"] = "120";
        try
        {
            await cluster.AddAsync(1, firstSilo ?? [], cancellationToken, workingFolder);
            await cluster.ConnectAsync(cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts silos until the given number is active; returns when they are ready.</summary>
    public Task GrowAsync(int silos, CancellationToken cancellationToken) => AddAsync(silos - Living.Count, [], cancellationToken);

    /// <summary>Starts silos; returns when they are ready.</summary>
    public async Task<IReadOnlyList<SiloProcess>> AddAsync(
        int silos,
        Dictionary<string, string> settings,
        CancellationToken cancellationToken,
        string? workingFolder = null
    )
    {
        var added = Enumerable.Range(0, Math.Max(0, silos)).Select(_ => Start(settings, workingFolder)).ToList();
        await Task.WhenAll(added.Select(s => s.ReadyAsync(cancellationToken)));
        return added;
    }

    /// <summary>Connects the client, again if it was connected.</summary>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        if (Client is { } old) await old.DisposeAsync();
        await File.WriteAllTextAsync(ClientFile, JsonSerializer.Serialize(_settings), cancellationToken);
        Client = await SiloConnection.ConnectAsync(ClientFile, null, cancellationToken);
    }

    /// <summary>The silo that hosts a run.</summary>
    public async Task<SiloProcess> LeaderOfAsync(string run)
    {
        var management = Client.Grains.GetGrain<IManagementGrain>(0);
        var address = await management.GetActivationAddress(Client.Grains.GetGrain<IRunGrain>(run));
        var host = (await management.GetDetailedHosts(onlyActive: true)).Single(h => h.SiloAddress.Equals(address));
        return Living.Single(s => s.Name == host.SiloName);
    }

    /// <summary>How often each piece of work of a run was started.</summary>
    public IReadOnlyDictionary<string, int> Executions(string run) => _all
        .Where(s => File.Exists(s.Journal))
        .SelectMany(s => File.ReadAllLines(s.Journal))
        .Where(line => line.StartsWith($"{run}/", StringComparison.Ordinal))
        .CountBy(line => line)
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>The pieces of work of a run that were started more than once, each with the silos that started it.</summary>
    public IEnumerable<string> Repeated(string run) => _all
        .Where(s => File.Exists(s.Journal))
        .SelectMany(s => File.ReadAllLines(s.Journal).Index().Select(line => (Work: line.Item, Where: $"{s.Name} line {line.Index + 1}")))
        .Where(w => w.Work.StartsWith($"{run}/", StringComparison.Ordinal))
        .GroupBy(w => w.Work, w => w.Where)
        .Where(g => g.Count() > 1)
        .Select(g => $"{g.Key}: {string.Join(", ", g)}");

    /// <summary>How many pieces of work of a run were started.</summary>
    public int Begun(string run) => Executions(run).Values.Sum();

    /// <summary>How many pieces of work of any run a silo has started.</summary>
    public static int BegunBy(SiloProcess silo) => File.Exists(silo.Journal) ? File.ReadAllLines(silo.Journal).Length : 0;

    public async ValueTask DisposeAsync()
    {
        if (Client is { } client) await client.DisposeAsync();
        foreach (var silo in _all) await silo.DisposeAsync();
        if (Environment.GetEnvironmentVariable("FREEMASK_TEST_SILO_LOGS") is { } kept)
            foreach (var log in Directory.EnumerateFiles(_folder.Path, "*.log"))
                File.Copy(log, Path.Combine(kept, Path.GetFileName(log)), overwrite: true);
        _folder.Dispose();
    }

    private SiloProcess Start(Dictionary<string, string> settings, string? workingFolder)
    {
        var name = $"silo-{++_names}";
        var (siloPort, gatewayPort) = Ports.Pair();
        var (httpPort, _) = Ports.Pair();
        string[] arguments =
        [
            .. _settings.Concat(settings).Select(s => $"--{s.Key}={s.Value}"), $"--Orleans:Name={name}",
            $"--Orleans:Endpoints:SiloPort={siloPort}", $"--Orleans:Endpoints:GatewayPort={gatewayPort}",
        ];
        var silo = SiloProcess.Start(name, _folder.Path, arguments, httpPort, workingFolder: workingFolder);
        _all.Add(silo);
        return silo;
    }
}
