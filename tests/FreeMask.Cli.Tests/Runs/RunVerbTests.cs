using System.Reflection;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.GrainInterfaces;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Segmentation;
using Xunit;

namespace FreeMask.Cli.Tests.Runs;

public sealed class RunVerbTests : IDisposable
{
    private readonly TestProcess _process = new();

    public RunVerbTests()
    {
        _process.WriteBundle();
        File.WriteAllText(RunFile, "name: Pets\nclasses: [cat, dog]\nseed: 7\n");
    }

    private string RunFile => _process.Folder.Path("pets.yaml");

    public void Dispose() => _process.Dispose();

    [Fact]
    public async Task A_run_ends_with_one_document_that_names_everything_it_made()
    {
        Assert.Equal(0, await _process.RunAsync(["run", RunFile, "--json"]));

        var run = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal("pets", run.GetProperty("run").GetString());
        Assert.Equal("completed", run.GetProperty("state").GetString());
        Assert.Equal(new string('a', 64), run.GetProperty("manifestHash").GetString());
        Assert.Equal(2, run.GetProperty("rounds").GetArrayLength());
        var round = run.GetProperty("rounds")[1];
        foreach (
            var (name, expected) in new[]
            {
                ("planned", 8),
                ("generated", 8),
                ("masked", 8),
                ("composed", 8),
                ("harmonized", 8),
                ("scored", 8),
                ("kept", 6),
                ("dropped", 2),
                ("quarantined", 0),
            }
        )
            Assert.Equal(expected, round.GetProperty(name).GetInt32());
        Assert.Equal(0.4, round.GetProperty("cutScore").GetProperty("cat").GetDouble());
        Assert.Equal(0.4, round.GetProperty("mIoU").GetDouble(), 6);
        Assert.Equal(12, run.GetProperty("seconds").GetProperty("train").GetDouble());
        Assert.Equal(180, run.GetProperty("seconds").GetProperty("total").GetDouble());

        Assert.Equal(12, VocFolder.Open(run.GetProperty("dataset").GetString()!).Entries.Count);
        var line = JsonDocument
            .Parse(
                File.ReadLines(Path.Combine(Path.GetDirectoryName(run.GetProperty("report").GetString())!, "dataset", "manifest.jsonl"))
                    .First()
            )
            .RootElement;
        Assert.Equal(64, line.GetProperty("image_sha256").GetString()!.Length);
        Assert.Equal(64, line.GetProperty("label_sha256").GetString()!.Length);
        var segmenter = run.GetProperty("segmenter").GetString()!;
        string[] files = ["card.json", "config.json", "model.onnx", "model.safetensors", SegmenterPreprocessing.FileName];
        Assert.Equal(files, Directory.EnumerateFiles(segmenter).Select(Path.GetFileName).Order());
        var preprocessing = SegmenterPreprocessing.Load(Path.Combine(segmenter, SegmenterPreprocessing.FileName));
        Assert.Equal((96, 2), (preprocessing.ShortestEdge, preprocessing.Labels));
        Assert.Equal(
            "one\ntwo\n",
            await File.ReadAllTextAsync(
                Path.Combine(Path.GetDirectoryName(run.GetProperty("report").GetString())!, "manifest.jsonl"),
                TestContext.Current.CancellationToken
            )
        );
    }

    [Fact]
    public async Task The_report_shows_images_of_the_samples_and_stays_small()
    {
        await _process.RunAsync(["run", RunFile, "--json"]);
        var path = JsonDocument.Parse(_process.Out).RootElement.GetProperty("report").GetString()!;

        using var reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        var page = XDocument.Load(reader);
        var captions = page.Descendants("figcaption").Select(caption => caption.Value).ToHashSet();
        Assert.Superset(new HashSet<string> { "generated", "mask", "composed", "image and label", "label", "prediction" }, captions);
        Assert.DoesNotContain("harmonized", captions);
        Assert.InRange(new FileInfo(path).Length, 10_000, 3_000_000);
        Assert.Contains("the mask is too small", page.Root!.Value, StringComparison.Ordinal);
        var links = page.Descendants("a").Select(link => Uri.UnescapeDataString(link.Attribute("href")!.Value)).ToList();
        Assert.Equal(["dataset/VOCdevkit/VOC2012/", "segmenter/", "run.yaml", "manifest.jsonl"], links);
        Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, link)), link));
        Assert.Contains(
            typeof(RunFolder).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
            page.Root.Value,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Without_json_a_table_and_the_paths_are_printed()
    {
        Assert.Equal(0, await _process.RunAsync(["run", RunFile]));

        Assert.Contains("round 2", _process.Out, StringComparison.Ordinal);
        Assert.Contains("data set", _process.Out, StringComparison.Ordinal);
        Assert.Contains(_process.Folder.Path("data", "runs", "pets", "report.html"), _process.Out, StringComparison.Ordinal);
        Assert.Contains("Run 'pets' in", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_ran_says_so_and_how_to_go_on_and_runs_again_only_when_asked()
    {
        await _process.RunAsync(["run", RunFile, "--json"]);
        _process.Clear();
        Assert.Equal(2, await _process.RunAsync(["run", RunFile]));
        Assert.Contains(
            "Run 'pets' has these settings already and is completed; 'freemask report pets' shows what it made",
            _process.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("as 'pets-2', add --again", _process.Error, StringComparison.Ordinal);

        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(["run", RunFile, "--json", "--again"]));
        Assert.Equal("pets-2", JsonDocument.Parse(_process.Out).RootElement.GetProperty("run").GetString());

        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(["run", RunFile, "--json", "--set", "seed=8", "--name", "Others"]));
        var run = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(
            ("others", "Others", 8UL),
            (run.GetProperty("run").GetString(), run.GetProperty("name").GetString(), run.GetProperty("seed").GetUInt64())
        );
    }

    [Theory]
    [InlineData("export pets --out x --size 64", "--size is for segmenters")]
    [InlineData("export pets --out x --onnx --format coco", "--format is the layout of a data set")]
    [InlineData("eval pets --images 5", "--images is for bundles")]
    [InlineData("eval mini --list val", "--list names a part of a data set")]
    [InlineData("eval mini --images -3", "--images is -3; it must be from 0 to")]
    [InlineData("experiment refinements --images -1", "--images is -1")]
    [InlineData("train segmenter --dataset x --out y --learning-rate 0", "--learning-rate is 0; it must be more than 0")]
    [InlineData("train segmenter --dataset x --out y --steps 0", "--steps is 0")]
    [InlineData("train affinity pets --out y --beta nan", "--beta is nan")]
    [InlineData("logs pets --lines -1", "--lines is -1")]
    [InlineData("retry pets --samples 99", "has no open round")]
    public async Task What_would_be_ignored_or_makes_no_sense_is_refused(string arguments, string expected)
    {
        await _process.RunAsync(["run", RunFile, "--json"]);
        _process.Clear();

        Assert.Equal(2, await _process.RunAsync(arguments));
        Assert.Contains(expected, _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_quarantined_samples_of_the_open_round_can_be_tried_again()
    {
        await StopAsync();

        Assert.Equal(2, await _process.RunAsync("retry pets --samples 3 99"));
        Assert.Contains(
            "--samples 3 99: not among the quarantined samples of round 2 of run 'pets'; it has none.",
            _process.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_data_set_of_an_earlier_version_is_set_aside_and_not_lost()
    {
        await _process.RunAsync(["run", RunFile, "--json"]);
        var folder = _process.Folder.Path("data", "runs", "pets", "dataset");
        File.Delete(Path.Combine(folder, ".freemask-export"));
        await File.WriteAllTextAsync(Path.Combine(folder, "notes.txt"), "mine", TestContext.Current.CancellationToken);

        Assert.True(await _process.RunAsync(["resume", "pets"]) == 0, _process.Error);

        Assert.Equal(
            "mine",
            await File.ReadAllTextAsync(Path.Combine(folder + ".old-1", "notes.txt"), TestContext.Current.CancellationToken)
        );
        Assert.False(File.Exists(Path.Combine(folder, "notes.txt")));
        Assert.Equal(12, VocFolder.Open(folder).Entries.Count);
    }

    [Fact]
    public async Task A_check_says_what_a_run_comes_to_and_starts_nothing()
    {
        Assert.Equal(
            0,
            await _process.RunAsync(["run", RunFile, "--check", "--json", "--set", "rounds=1000", "--set", "samplesPerRound=10000"])
        );
        var check = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(10_000_000, check.GetProperty("samples").GetInt64());
        Assert.InRange(check.GetProperty("bytes").GetInt64(), 1_000_000_000_000, 100_000_000_000_000);
        Assert.Contains("10,000,000 samples take about", check.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
        Assert.Empty(await ((FakeEngine)_process.Engine).Directory.List());

        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(["run", RunFile, "--check", "--set", "samplesPerRound=6"]));
        Assert.Contains("keepRatio 0.7 drops nothing where a class has 3 samples in a round", _process.Out, StringComparison.Ordinal);
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(["run", RunFile, "--check", "--set", "samplesPerRound=8"]));
        Assert.DoesNotContain("keepRatio", _process.Out, StringComparison.Ordinal);
        _process.Clear();
        Assert.Equal(
            0,
            await _process.RunAsync([
                "run",
                RunFile,
                "--check",
                "--set",
                "backgrounds=[on the grass]",
                "--set",
                "generation.prompts=a {class} in {background}",
            ])
        );
        Assert.Contains("'a cat in on the grass' has two prepositions", _process.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_shows_where_its_segmenter_started()
    {
        _process.Engine = new FakeEngine { Start = new SegmenterQuality(0.125, [new("background", 0.2), new("cat", 0.05)]) };

        Assert.Equal(0, await _process.RunAsync(["run", RunFile]));
        var lines = _process.Out.Split('\n');
        Assert.Matches(@"start\s+round 1\s+round 2", _process.Out);
        var measured = Assert.Single(lines, line => line.Contains("mIoU over 4 classes", StringComparison.Ordinal));
        Assert.Matches(@"0\.125\s+0\.300\s+0\.400", measured);

        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(["status", "pets", "--json"]));
        var start = JsonDocument.Parse(_process.Out).RootElement.GetProperty("start");
        Assert.Equal(0.125, start.GetProperty("mIoU").GetDouble());
        Assert.Equal(0.125, start.GetProperty("mIoUOfRun").GetDouble(), 9);
        Assert.Equal(0.05, start.GetProperty("iou").GetProperty("cat").GetDouble());
    }

    [Fact]
    public async Task A_run_that_fails_returns_one_with_its_reason()
    {
        _process.Engine = new FakeEngine { Ending = RunState.Failed };

        Assert.Equal(1, await _process.RunAsync(["run", RunFile, "--json"]));
        Assert.Equal("the model is broken", JsonDocument.Parse(_process.Out).RootElement.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_run_that_is_stopped_returns_130_and_says_how_to_go_on()
    {
        _process.Engine = new FakeEngine { Ending = RunState.Running };
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        Assert.Equal(130, await _process.RunAsync(["run", RunFile, "--json"], stop.Token));
    }

    [Fact]
    public async Task Resume_finds_the_newest_unfinished_run_and_says_when_there_is_none()
    {
        await _process.RunAsync(["run", RunFile, "--json"]);
        _process.Clear();

        Assert.Equal(2, await _process.RunAsync(["resume"]));
        Assert.Contains("There is no unfinished run in this data folder. Its runs: pets.", _process.Error, StringComparison.Ordinal);
        Assert.Equal(0, await _process.RunAsync(["resume", "pets"]));
        Assert.Equal(2, await _process.RunAsync(["resume", "pest"]));
        Assert.Contains("Did you mean 'pets'?", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_writes_coco_and_refuses_a_folder_that_is_taken()
    {
        await _process.RunAsync(["run", RunFile, "--json"]);
        _process.Clear();
        var folder = _process.Folder.Path("coco");

        Assert.Equal(0, await _process.RunAsync(["export", "pets", "--format", "coco", "--out", folder, "--json"]));
        var document = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(12, document.GetProperty("train").GetInt32() + document.GetProperty("val").GetInt32());
        Assert.Equal(18, document.GetProperty("objects").GetInt32());
        Assert.Equal(2, await _process.RunAsync(["export", "pets", "--format", "coco", "--out", folder]));
        Assert.Equal(2, await _process.RunAsync(["export", "pets", "--format", "cocoa", "--out", folder]));
        Assert.Contains("choose one of voc, coco", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_lists_runs_and_shows_one()
    {
        await _process.RunAsync(["run", RunFile, "--json"]);
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync("status --json"));
        Assert.Equal("pets", JsonDocument.Parse(_process.Out).RootElement.GetProperty("runs")[0].GetProperty("run").GetString());
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync("status pets"));
        Assert.Contains("pets is completed", _process.Out, StringComparison.Ordinal);
        Assert.Equal(3, ((FakeEngine)_process.Engine).Closed);
    }

    [Fact]
    public async Task Steering_a_run_answers_with_its_new_state()
    {
        await StopAsync();

        Assert.Equal(0, await _process.RunAsync("pause pets --json"));
        Assert.Equal("paused", JsonDocument.Parse(_process.Out).RootElement.GetProperty("state").GetString());
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync("cancel pets --json"));
        Assert.Equal("cancelled", JsonDocument.Parse(_process.Out).RootElement.GetProperty("state").GetString());
    }

    [Theory]
    [InlineData(RunState.Completed, "pause", "is completed; there is nothing to pause")]
    [InlineData(RunState.Completed, "cancel", "is completed; there is nothing to cancel")]
    [InlineData(RunState.Cancelled, "cancel", "is cancelled; there is nothing to cancel")]
    [InlineData(RunState.Failed, "pause", "'freemask retry pets' tries again")]
    public async Task A_run_that_has_ended_cannot_be_steered(RunState state, string verb, string expected)
    {
        _process.Engine = new FakeEngine { Ending = state };
        await _process.RunAsync(["run", RunFile]);
        _process.Clear();

        Assert.Equal(2, await _process.RunAsync([verb, "pets"]));
        Assert.Contains(expected, _process.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pause nosuch")]
    [InlineData("cancel nosuch")]
    [InlineData("resume nosuch")]
    [InlineData("retry nosuch")]
    public async Task A_run_that_is_not_there_starts_no_engine_and_leaves_no_folder(string arguments)
    {
        using var process = new TestProcess
        {
            OpenEngine = (address, _, _) =>
                address.ReadOnly
                    ? Task.FromResult<IEngine>(new NoRunsEngine())
                    : throw new InvalidOperationException("An engine was started."),
        };

        Assert.Equal(2, await process.RunAsync(arguments));
        Assert.Contains("There is no run 'nosuch'", process.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(process.Folder.Path("data")));
    }

    [Fact]
    public async Task A_status_says_what_is_under_way()
    {
        await StopAsync();

        Assert.Equal(0, await _process.RunAsync("status pets --json"));
        var run = JsonDocument.Parse(_process.Out).RootElement;
        Assert.True(run.GetProperty("interrupted").GetBoolean());
        Assert.Equal(DateTimeOffset.UnixEpoch, run.GetProperty("startedAt").GetDateTimeOffset());
        var training = run.GetProperty("rounds")[1].GetProperty("training");
        Assert.Equal(
            ("segmenter", 3, 10, 1.5),
            (
                training.GetProperty("job").GetString(),
                training.GetProperty("step").GetInt32(),
                training.GetProperty("steps").GetInt32(),
                training.GetProperty("loss").GetDouble()
            )
        );
        Assert.Equal(0.4, run.GetProperty("rounds")[1].GetProperty("mIoU").GetDouble(), 6);
        // Background 0.8, cat and dog 0.25 each; the held-out set's other class is not the run's.
        Assert.Equal(1.3 / 3, run.GetProperty("rounds")[1].GetProperty("mIoUOfRun").GetDouble(), 6);
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync("status pets"));
        Assert.Contains("mIoU over 4 classes", _process.Out, StringComparison.Ordinal);
        Assert.Contains("mIoU over the run's own", _process.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_and_the_status_of_one_run_say_the_same()
    {
        await _process.RunAsync(["run", RunFile, "--json"]);
        _process.Clear();
        await _process.RunAsync("status --json");
        var listed = JsonDocument.Parse(_process.Out).RootElement.GetProperty("runs")[0].Clone();
        _process.Clear();
        await _process.RunAsync("status pets --json");

        foreach (
            var property in JsonDocument
                .Parse(_process.Out)
                .RootElement.EnumerateObject()
                .Where(property => property.Name != "schemaVersion")
        )
            Assert.True(JsonElement.DeepEquals(property.Value, listed.GetProperty(property.Name)), property.Name);
        Assert.EndsWith(Path.Combine("VOCdevkit", "VOC2012"), listed.GetProperty("dataset").GetString()!, StringComparison.Ordinal);
    }

    /// <summary>A run that is at work, or would be.</summary>
    private async Task StopAsync()
    {
        var engine = new FakeEngine { Ending = RunState.Running };
        _process.Engine = engine;
        await engine.Run("pets").Start(new RunSpec { Name = "Pets", Classes = ["cat", "dog"] });
        Directory.CreateDirectory(_process.Folder.Path("data", "runs", "pets"));
    }

    [Fact]
    public async Task A_bad_run_file_is_bad_input_with_its_places()
    {
        await File.WriteAllTextAsync(RunFile, "classes: [cat]\nrouns: 2\n", TestContext.Current.CancellationToken);

        Assert.Equal(2, await _process.RunAsync(["run", RunFile, "--json"]));
        var problem = JsonDocument.Parse(_process.Out).RootElement.GetProperty("problems")[0];
        Assert.Equal(2, problem.GetProperty("line").GetInt32());
        Assert.Contains($"{RunFile}:2:1: unknown key 'rouns'. Did you mean 'rounds'?", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unexpected_error_is_one_line_with_the_path_of_its_details()
    {
        _process.Engine = null!;

        Assert.Equal(1, await _process.RunAsync("status"));
        var line = _process.Error.TrimEnd();
        Assert.DoesNotContain('\n', line);
        var log = line[(line.IndexOf("Details are in ", StringComparison.Ordinal) + 15)..^1];
        Assert.Contains(
            "   at FreeMask",
            await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Targets_that_cannot_be_written_are_refused_before_any_work()
    {
        var taken = Directory.CreateDirectory(_process.Folder.Path("taken")).FullName;
        await File.WriteAllTextAsync(Path.Combine(taken, "thesis.txt"), "important", TestContext.Current.CancellationToken);
        foreach (var (arguments, message) in new (string[], string)[]
        {
            (["export", "pets", "--out", taken, "--overwrite"], "not empty"),
            (["export", "pets", "--out", Path.Combine(RunFile, "below")], "which is a file"),
            (["report", "pets", "--out", taken], "is a folder"),
            (["report", "pets", "--sheet", taken + Path.DirectorySeparatorChar], "is a folder"),
            (["report", "pets", "--sheet", "sheet.gif"], "'.gif'"),
            (["experiment", "thresholds", "--plot", taken], "is a folder"),
            (["thesaurus", "build", RunFile, "--out", taken], "is a folder"),
        })
        {
            _process.Clear();
            Assert.Equal(2, await _process.RunAsync(arguments));
            Assert.Contains(message, _process.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, ((FakeEngine)_process.Engine).Closed);
    }

    [Fact]
    public async Task Whoever_follows_a_run_with_others_waits_for_the_one_that_writes()
    {
        await _process.RunAsync(["run", RunFile, "--json"]);
        var report = JsonDocument.Parse(_process.Out).RootElement.GetProperty("report").GetString()!;
        _process.Clear();
        var other = new FileStream(
            Path.Combine(Path.GetDirectoryName(report)!, ".products.lock"),
            FileMode.CreateNew,
            FileAccess.ReadWrite,
            FileShare.None,
            1,
            FileOptions.DeleteOnClose
        );
        var waits = new TaskCompletionSource();
        _process.OnError = line =>
        {
            if (line.Contains("waiting for it", StringComparison.Ordinal)) waits.TrySetResult();
        };

        var following = _process.RunAsync(["resume", "pets", "--json"]);
        await waits.Task.WaitAsync(TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(report, "written by the other", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(report, DateTime.UnixEpoch);
        await other.DisposeAsync();

        Assert.Equal(0, await following);
        Assert.Equal("written by the other", await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken));
        Assert.Equal(report, JsonDocument.Parse(_process.Out).RootElement.GetProperty("report").GetString());
        Assert.NotNull(JsonDocument.Parse(_process.Out).RootElement.GetProperty("dataset").GetString());
    }

    [Fact]
    public async Task Quiet_leaves_the_result_alone()
    {
        Assert.Equal(0, await _process.RunAsync(["run", RunFile, "-q"]));
        Assert.Empty(_process.Error);
        Assert.Contains("data set", _process.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompts_that_are_cut_off_are_said_once_each()
    {
        _process.Variables["FREEMASK_MODELS"] = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models");
        var lengthy = $"a photo of {{a class}} {string.Join(' ', Enumerable.Repeat("grass", 90))} and the end";
        string[] arguments = ["run", RunFile, "--set", $"generation.prompts=['{lengthy}']"];

        Assert.Equal(0, await _process.RunAsync([.. arguments, "--json"]));
        var run = JsonDocument.Parse(_process.Out).RootElement;
        var notes = run.GetProperty("notes")
            .EnumerateArray()
            .Select(note => note.GetString()!)
            .Where(note => note.Contains("cut off", StringComparison.Ordinal))
            .ToList();
        Assert.Equal(2, notes.Count);
        Assert.All(notes, note => Assert.EndsWith("and the end\".", note, StringComparison.Ordinal));
        Assert.Equal(2, _process.Error.Split('\n').Count(line => line.Contains("is longer than the", StringComparison.Ordinal)));
        Assert.Contains(
            "and the end&quot;.",
            await File.ReadAllTextAsync(run.GetProperty("report").GetString()!, TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync("status pets"));
        Assert.Equal(2, _process.Out.Split('\n').Count(line => line.StartsWith("Note: ", StringComparison.Ordinal)));
    }
}
