using System.Collections.Concurrent;
using System.Text.Json;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Imaging;
using FreeMask.Pipeline;
using FreeMask.Vision.Datasets;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FreeMask.Cli.Tests.Runs;

/// <summary>The command line with a real silo and stages without models.</summary>
public sealed class EndToEndTests : IDisposable
{
    private readonly StageObserver _observer = new();
    private readonly TestProcess _process;
    private readonly ConcurrentBag<string> _devices = [];

    public EndToEndTests()
    {
        _process = new() { OpenEngine = SiloEngine.With((services, _) => Register(services)) };
        _process.WriteBundle();
        File.WriteAllText(RunFile, "classes: [cat, dog, person]\nseed: 3\nsamplesPerRound: 18\ntraining: { steps: 20 }\n");
    }

    private string RunFile => _process.Folder.Path("small.yaml");

    public void Dispose() => _process.Dispose();

    [Fact]
    public async Task A_run_makes_a_data_set_and_a_report_and_the_same_file_makes_the_same_again()
    {
        var first = await RunAsync("one");
        var second = await RunAsync("two");

        Assert.Equal("completed", first.GetProperty("state").GetString());
        Assert.Equal(64, first.GetProperty("manifestHash").GetString()!.Length);
        Assert.Equal(first.GetProperty("manifestHash").GetString(), second.GetProperty("manifestHash").GetString());
        var kept = first.GetProperty("rounds").EnumerateArray().Sum(round => round.GetProperty("kept").GetInt32());
        Assert.Equal(kept, VocFolder.Open(first.GetProperty("dataset").GetString()!).Entries.Count);
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode Others =
                UnixFileMode.GroupRead
                | UnixFileMode.GroupWrite
                | UnixFileMode.GroupExecute
                | UnixFileMode.OtherRead
                | UnixFileMode.OtherWrite
                | UnixFileMode.OtherExecute;
            foreach (
                var path in new[]
                {
                    _process.Folder.Path("one"),
                    _process.Folder.Path("one", "logs"),
                    _process.Folder.Path("one", "logs", "small.log"),
                    _process.Folder.Path("one", "state.db"),
                }
            )
                Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & Others);
        }

        Assert.Equal(["small.log"], Directory.EnumerateFiles(_process.Folder.Path("one", "logs")).Select(Path.GetFileName));
        Assert.Contains(
            "harmonized",
            await File.ReadAllTextAsync(first.GetProperty("report").GetString()!, TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    /// <summary>The scoring model of these stages predicts the label itself, so every fault of the outline is found.</summary>
    [Fact]
    public async Task Harmed_labels_of_a_run_are_found_by_the_scores()
    {
        await RunAsync("one");
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(["experiment", "criteria", "small", "--json", "--data", _process.Folder.Path("one")]));
        using var document = JsonDocument.Parse(_process.Out);
        var shifted = document
            .RootElement.GetProperty("results")
            .EnumerateArray()
            .Where(result => result.GetProperty("fault").GetString() == "shifted")
            .ToList();
        Assert.NotEmpty(shifted);
        Assert.All(shifted, result => Assert.Equal(1, result.GetProperty("auc").GetDouble()));
        Assert.Equal(0, await _process.RunAsync(["experiment", "criteria", "small", "--data", _process.Folder.Path("one")]));
    }

    [Fact]
    public async Task Filtering_counts_every_sample_once_in_each_grouping()
    {
        await RunAsync("one");
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(["experiment", "filtering", "small", "--json", "--data", _process.Folder.Path("one")]));
        using var document = JsonDocument.Parse(_process.Out);
        var (samples, results) = (document.RootElement.GetProperty("samples").GetInt32(), document.RootElement.GetProperty("results"));
        var groupings = results
            .EnumerateArray()
            .GroupBy(result => (result.GetProperty("criterion").GetString(), result.GetProperty("group").GetString()));
        foreach (var grouping in groupings.Where(grouping => grouping.Key.Item2 != "shows"))
            Assert.Equal(samples, grouping.Sum(result => result.GetProperty("samples").GetInt32()));
        Assert.Equal(0, await _process.RunAsync(["experiment", "filtering", "small", "--data", _process.Folder.Path("one")]));
        Assert.Contains("objects: 1", _process.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_are_listed_by_state_and_one_shows_its_times_and_artifacts()
    {
        var run = await RunAsync("one");
        var kept = run.GetProperty("rounds")[0].GetProperty("kept").GetInt32();
        string[] verb = ["samples", "small", "--round", "1", "--data", _process.Folder.Path("one")];

        var listed = await SamplesAsync([.. verb, "--state", "kept", "--json"]);
        Assert.Equal(kept, listed.Length);
        Assert.All(listed, sample => Assert.Equal("kept", sample.GetProperty("state").GetString()));
        Assert.All(
            await SamplesAsync([.. verb, "--class", "dog", "--json"]),
            sample => Assert.Equal("dog", sample.GetProperty("class").GetString())
        );
        Assert.Equal(3, (await SamplesAsync([.. verb, "--limit", "3", "--json"])).Length);

        var one = Assert.Single(await SamplesAsync([.. verb, "--sample", "5", "--json"]));
        Assert.Equal(5, one.GetProperty("index").GetInt32());
        Assert.Equal(JsonValueKind.Array, one.GetProperty("placements").ValueKind);
        Assert.Equal(5, one.GetProperty("seconds").EnumerateObject().Count());
        Assert.Equal(64, one.GetProperty("artifacts").GetProperty("final-image").GetString()!.Length);
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync([.. verb, "--sample", "5"]));
        Assert.Contains("score (s)", _process.Out, StringComparison.Ordinal);

        Assert.Equal(2, await _process.RunAsync([.. verb, "--sample", "18"]));
        Assert.Contains("Round 1 has 18 samples; --sample 18 is none of them.", _process.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _process.RunAsync([.. verb, "--class", "horse"]));
        Assert.Contains("has no class 'horse'; its classes are cat, dog, person.", _process.Error, StringComparison.Ordinal);
    }

    private async Task<JsonElement[]> SamplesAsync(string[] arguments)
    {
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(arguments));
        return [.. JsonDocument.Parse(_process.Out).RootElement.GetProperty("samples").EnumerateArray()];
    }

    [Theory]
    [InlineData("tpu:0", "There is no execution provider named tpu")]
    [InlineData("cuda:0", "The execution provider cuda ")]
    [InlineData("cpu:first", "no device's number")]
    public async Task A_device_that_is_not_there_is_named_before_anything_runs(string device, string expected)
    {
        using var process = new TestProcess { OpenEngine = SiloEngine.With((services, _) => services.AddFreeMaskPipeline(null)) };
        process.WriteBundle();
        Assert.Equal(2, await process.RunAsync(["run", RunFile, "--device", device, "--data", process.Folder.Path("data")]));
        Assert.Contains($"'{device}'", process.Error, StringComparison.Ordinal);
        Assert.Contains(expected, process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_works_on_the_devices_that_are_named()
    {
        Assert.Equal(
            0,
            await _process.RunAsync(["run", RunFile, "--device", "cpu:0", "--device", "cpu:1", "--data", _process.Folder.Path("two")])
        );
        Assert.Equal(["cpu:0", "cpu:1"], _devices.Order());
    }

    [Fact]
    public async Task A_sheet_shows_four_tiles_of_each_kept_sample()
    {
        await RunAsync("one");
        var sheet = _process.Folder.Path("made", "sheet.png");
        Assert.Equal(0, await _process.RunAsync(["report", "--sheet", sheet, "--data", _process.Folder.Path("one")]));
        var image = ImageCodec.Load(sheet);
        Assert.True(image.Width > image.Height, $"{image.Width} x {image.Height}");
        Assert.Equal(
            2,
            await _process.RunAsync(["report", "--sheet", _process.Folder.Path("made", "sheet.gif"), "--data", _process.Folder.Path("one")])
        );
        Assert.Contains(".gif", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_stopped_and_resumed_makes_what_an_undisturbed_one_makes()
    {
        var undisturbed = await RunAsync("one");
        using var stop = new CancellationTokenSource();
        _observer.BeforeStage = kind =>
        {
            if (kind == Stage.Mask) stop.Cancel();
        };
        _process.Clear();
        Assert.Equal(130, await _process.RunAsync(["run", RunFile, "--json", "--data", _process.Folder.Path("two")], stop.Token));
        Assert.Contains("'freemask resume small' goes on", _process.Error, StringComparison.Ordinal);
        _observer.BeforeStage = null;
        _process.Clear();

        Assert.Equal(0, await _process.RunAsync(["resume", "--json", "--data", _process.Folder.Path("two")]));
        Assert.Equal(
            undisturbed.GetProperty("manifestHash").GetString(),
            JsonDocument.Parse(_process.Out).RootElement.GetProperty("manifestHash").GetString()
        );
    }

    private void Register(IServiceCollection services)
    {
        services.AddSingleton(_observer);
        services.AddSingleton<DrawnStages>();
        services.AddSingleton<IStageRunnerFactory>(provider => new Opened(provider.GetRequiredService<DrawnStages>(), _devices));
        services.AddSingleton<ISegmenterTraining>(provider => provider.GetRequiredService<DrawnStages>());
    }

    private async Task<JsonElement> RunAsync(string data)
    {
        _process.Clear();
        var exit = await _process.RunAsync(["run", RunFile, "--json", "--data", _process.Folder.Path(data)]);
        Assert.True(exit == 0, _process.Error);
        return JsonDocument.Parse(_process.Out).RootElement;
    }

    /// <summary>Records the devices for which runners are created.</summary>
    private sealed class Opened(IStageRunnerFactory inner, ConcurrentBag<string> devices) : IStageRunnerFactory
    {
        public IStageRunner Create(string device)
        {
            devices.Add(device);
            return inner.Create(device);
        }
    }
}
