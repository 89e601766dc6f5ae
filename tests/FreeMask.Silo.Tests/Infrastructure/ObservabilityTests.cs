using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using YamlDotNet.Serialization;

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>
/// The names in <c>infra/observability</c> and in the chart's triggers are compared with what a silo measures. Metrics are shared by all
/// silos of a process, so no other test runs meanwhile.
/// </summary>
[Collection("processes")]
public sealed partial class ObservabilityTests : IDisposable
{
    // Labels that the collector and Prometheus add.
    private static readonly string[] AddedLabels = ["service_instance_id", "le"];

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<string, Instrument> _instruments = new();
    private readonly ConcurrentDictionary<string, long> _sums = new();
    private readonly ConcurrentDictionary<string, long> _largest = new();
    private readonly ConcurrentDictionary<(string Instrument, string Label), int> _labels = new();

    private static string Folder => Path.Combine(Repository.Root, "infra", "observability");

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task Every_metric_that_is_named_is_one_that_a_silo_exports()
    {
        using var listener = Listen();
        await RunAsync(listener, StorageFaultsOfFirstWrite(), TestContext.Current.CancellationToken);

        var exported = _instruments.Values.SelectMany(i => NamesOf(i).Select(n => (Name: n, Instrument: i.Name)))
            .ToDictionary(n => n.Name, n => n.Instrument, StringComparer.Ordinal);
        var expressions = await ExpressionsAsync();
        Assert.True(expressions.Count > 20);
        foreach (var expression in expressions)
        {
            var names = MetricName().Matches(expression).Select(m => m.Value).Distinct().ToList();
            Assert.NotEmpty(names);
            Assert.All(names, name => Assert.True(exported.ContainsKey(name), $"no silo exports {name}: {expression}"));
            var instruments = names.Select(n => exported[n]).ToHashSet(StringComparer.Ordinal);
            var known = _labels.Keys.Where(l => instruments.Contains(l.Instrument)).Select(l => l.Label).Concat(AddedLabels).ToList();
            var labels = Matcher().Matches(expression).Select(m => m.Groups["label"].Value)
                .Concat(Grouping().Matches(expression).SelectMany(m => m.Groups["labels"].Value.Split(", ")));
            Assert.All(labels, label => Assert.True(known.Contains(label), $"no metric of '{expression}' has the label {label}"));
            // The chart fills in the kinds of a worker (ChartTests).
            Assert.All(
                Matcher().Matches(expression).Where(m => m.Groups["label"].Value != "kind"),
                m => Assert.Contains(m.Groups["value"].Value, ValuesOf(m.Groups["label"].Value)));
        }

        // The store's errors are not only declared: the failed write was counted.
        Assert.InRange(_sums["orleans-storage-write-errors"], 1, long.MaxValue);
    }

    [Fact(Timeout = 120_000)]
    public async Task Active_runs_and_pending_samples_are_counted_while_a_run_is_at_work_and_not_after()
    {
        using var listener = Listen();
        await RunAsync(listener, new StorageFaults(), TestContext.Current.CancellationToken);
        Assert.Equal(1, _largest["freemask.runs.active"]);
        Assert.InRange(_largest["freemask.samples.pending"], 1, TestSilo.SmallSpec.SamplesPerRound * TestSilo.SmallSpec.Rounds);
        // An autoscaler of one kind of worker sees the work for its kind.
        Assert.Contains(("freemask.samples.pending", "kind"), _labels.Keys);
        Assert.Contains(("freemask.device.queued", "kind"), _labels.Keys);
        Assert.Equal(0, _sums["freemask.runs.active"]);
        Assert.Equal(0, _sums["freemask.samples.pending"]);
    }

    [Fact]
    public async Task Alerts_fire_in_the_cases_that_are_described_and_in_no_others()
    {
        var promtool = await Tools.PromtoolAsync();
        var (exitCode, output, error) = await Tools.RunAsync(promtool, ["test", "rules", "alerts.test.yaml"], Folder);
        Assert.True(exitCode == 0, output + error);
        var cases = await File.ReadAllTextAsync(Path.Combine(Folder, "alerts.test.yaml"), TestContext.Current.CancellationToken);
        foreach (var alert in AlertName().Matches(await ReadAsync("alerts.yaml")).Select(m => m.Groups["name"].Value))
            Assert.Matches($"alertname: {alert}\\s+exp_alerts:\\s+- exp_labels", cases);
    }

    [Fact]
    public async Task The_pipelines_of_the_collector_use_what_it_declares()
    {
        var file = await ReadAsync(Path.Combine(Chart.Folder, "files", "collector.yaml"));
        var root = (Dictionary<object, object>)new DeserializerBuilder().Build().Deserialize(file)!;
        var pipelines = (Dictionary<object, object>)((Dictionary<object, object>)root["service"])["pipelines"];
        Assert.Equal(["metrics", "traces"], pipelines.Keys.Cast<string>().Order(StringComparer.Ordinal));
        foreach (var part in new[] { "receivers", "processors", "exporters" })
        {
            var used = pipelines.Values.SelectMany(p => (List<object>)((Dictionary<object, object>)p)[part]).Distinct();
            Assert.Equal(((Dictionary<object, object>)root[part]).Keys.Order(), used.Order());
        }
    }

    private static Task<string> ReadAsync(string file) =>
        File.ReadAllTextAsync(Path.Combine(Folder, file), TestContext.Current.CancellationToken);

    /// <summary>The queries of dashboard, alerts, and the triggers of the chart.</summary>
    private static async Task<List<string>> ExpressionsAsync()
    {
        using var dashboard = JsonDocument.Parse(await ReadAsync("dashboard.json"));
        var rules = (Dictionary<object, object>)new DeserializerBuilder().Build().Deserialize(await ReadAsync("alerts.yaml"))!;
        var triggers = Path.Combine(Chart.Folder, "templates", "scaling.yaml");
        var chart = await File.ReadAllTextAsync(triggers, TestContext.Current.CancellationToken);
        return
        [
            .. dashboard.RootElement.GetProperty("panels").EnumerateArray().SelectMany(p => p.GetProperty("targets").EnumerateArray())
                .Select(t => t.GetProperty("expr").GetString()!),
            .. ((List<object>)rules["groups"]).Cast<Dictionary<object, object>>().SelectMany(g => (List<object>)g["rules"])
                .Cast<Dictionary<object, object>>().Select(r => (string)r["expr"]),
            .. Query().Matches(chart).Select(m => m.Groups["query"].Value),
        ];
    }

    private static string[] ValuesOf(string label) => label switch
    {
        "reason" => Enum.GetNames<RetryReason>(),
        "stage" => Enum.GetNames<Stage>(),
        "result" => Enum.GetNames<StageResult>(),
        _ => [],
    };

    /// <summary>The names that the collector's exporter for Prometheus gives to an instrument.</summary>
    private static IEnumerable<string> NamesOf(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        var unit = instrument.Unit switch { "s" => "_seconds", "ms" => "_milliseconds", _ => "" };
        var name = NotInNames().Replace(instrument.Name, "_") + unit;
        if (type.StartsWith("Histogram", StringComparison.Ordinal)) return [$"{name}_bucket", $"{name}_sum", $"{name}_count"];
        return [CounterType().IsMatch(type) ? $"{name}_total" : name];
    }

    private static StorageFaults StorageFaultsOfFirstWrite()
    {
        var failed = 0;
        return new StorageFaults
        {
            Decide = (name, _, _) =>
                name == "shard" && Interlocked.Exchange(ref failed, 1) == 0 ? WriteOutcome.FailsBefore : WriteOutcome.Applied,
        };
    }

    private MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                // The meters of hosting/Operations/OperationsHosting.cs.
                if (instrument.Meter.Name is not (Telemetry.Name or "Microsoft.Orleans")) return;
                _instruments[instrument.Name] = instrument;
                self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, labels, _) => Note(instrument, value, labels));
        listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) => Note(instrument, value, labels));
        listener.SetMeasurementEventCallback<double>((instrument, _, labels, _) => Note(instrument, 0, labels));
        listener.Start();
        return listener;
    }

    private void Note(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        foreach (var (label, _) in labels) _labels[(instrument.Name, label)] = 1;
        var sum = _sums.AddOrUpdate(instrument.Name, value, (_, old) => old + value);
        _largest.AddOrUpdate(instrument.Name, sum, (_, old) => Math.Max(old, sum));
    }

    /// <summary>Runs the silo's program in this process until a run has completed and the silo has stopped.</summary>
    private async Task RunAsync(MeterListener listener, StorageFaults faults, CancellationToken cancellationToken)
    {
        WebApplication? app = null;
        IArtifactStore Artifacts() => app!.Services.GetRequiredService<IArtifactStore>();
        var ((siloPort, gatewayPort), (healthPort, _)) = (Ports.Pair(), Ports.Pair());
        var arguments = SiloArguments.Parse(
        [
            $"--FreeMask:DataFolder={_folder.Path}", $"--Orleans:Endpoints:SiloPort={siloPort}",
            $"--Orleans:Endpoints:GatewayPort={gatewayPort}", $"--Urls=http://127.0.0.1:{healthPort}", "--Logging:LogLevel:Default=None",
        ]);
        var completed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        faults.Written = (_, _, value) =>
        {
            if (value is Stored<RunRecord> { Value.State: RunState.Completed }) completed.TrySetResult();
        };
        app = SiloProgram.Build(arguments, (services, _) =>
        {
            services.AddSingleton<IStageRunnerFactory>(new FakeStages { Store = Artifacts });
            services.AddSingleton<ISegmenterTraining>(new FakeTraining { Store = Artifacts });
            faults.Register(services);
        });
        await using (app)
        {
            await app.StartAsync(cancellationToken);
            await app.Services.GetRequiredService<IGrainFactory>().GetGrain<IRunGrain>("metrics").Start(TestSilo.SmallSpec);
            await completed.Task.WaitAsync(cancellationToken);
            listener.RecordObservableInstruments();
            await app.StopAsync(cancellationToken);
        }
    }

    [GeneratedRegex("\\b(freemask|orleans)_[a-z_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex("(?<label>[a-z_]+)\\s*(=~|=|!=)\\s*\"(?<value>[^\"]*)\"")]
    private static partial Regex Matcher();

    [GeneratedRegex("by \\((?<labels>[^)]*)\\)")]
    private static partial Regex Grouping();

    [GeneratedRegex("query: (?<query>.+)")]
    private static partial Regex Query();

    [GeneratedRegex("alert: (?<name>\\w+)")]
    private static partial Regex AlertName();

    // An UpDownCounter can sink, and is a gauge of Prometheus.
    [GeneratedRegex("^(Observable)?Counter")]
    private static partial Regex CounterType();

    [GeneratedRegex("[^a-zA-Z0-9_]")]
    private static partial Regex NotInNames();
}
