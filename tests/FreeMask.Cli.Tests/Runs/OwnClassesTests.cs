using System.Text.Json;
using FreeMask.Cli.Checks;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Imaging;
using FreeMask.Pipeline;
using FreeMask.Vision.Datasets;
using Xunit;

namespace FreeMask.Cli.Tests.Runs;

/// <summary>
/// The whole pipeline with classes that PASCAL VOC lacks: public exports of Stable Diffusion with random weights, masks, composition, real
/// trainings, evaluation on a data set with other names, and exports.
/// </summary>
public sealed class OwnClassesTests : IDisposable
{
    private readonly TestProcess _process = new()
    {
        Checks = RunChecks.All,
        OpenEngine = SiloEngine.With((services, bundles) => services.AddFreeMaskPipeline(bundles.ModelsFolder)),
    };

    public void Dispose() => _process.Dispose();

    [Fact]
    public async Task A_run_of_ones_own_classes_ends_well_and_interrupted_twice_it_makes_the_same()
    {
        await WriteAsync(Vision.Tests.Fixtures.Path("sd", "turbo-optimum"));
        var undisturbed = await RunAsync(0, ["run", RunFile, "--json", "--data", Data("one")]);
        Assert.Equal("completed", undisturbed.GetProperty("state").GetString());

        // Progress is written every second or two, and a phase of one step may pass between two lines.
        await InterruptAsync(["scoring samples", "training the segmenter", "round 2/2"], "run", RunFile);
        await InterruptAsync(["round 2/2"], "resume", "own");
        var resumed = await RunAsync(0, ["resume", "own", "--json", "--data", Data("two")]);

        Assert.Equal(Hash(undisturbed), Hash(resumed));
        await CheckAsync(undisturbed);
    }

    [Fact]
    public async Task Another_export_makes_the_same_classes_in_one_round()
    {
        await WriteAsync(Vision.Tests.Fixtures.Path("sd", "sd15-legacy"));
        await CheckAsync(await RunAsync(0, ["run", RunFile, "--set", "rounds=1", "--json", "--data", Data("one")]));
    }

    private string RunFile => _process.Folder.Path("own.yaml");

    private string Data(string name) => _process.Folder.Path(name);

    private static string Hash(JsonElement run) => run.GetProperty("manifestHash").GetString()!;

    private async Task CheckAsync(JsonElement run)
    {
        var stop = TestContext.Current.CancellationToken;
        // Classes of the data set by other names are those of the run; what is none of them is background.
        var measured = run.GetProperty("rounds")[0].GetProperty("iou").EnumerateObject().Select(item => item.Name).ToHashSet();
        Assert.Superset(new HashSet<string> { "forklift", "traffic cone", "pallet" }, measured);
        Assert.DoesNotContain("roof", measured);
        var manifest = await File.ReadAllLinesAsync(_process.Folder.Path("one", "runs", "own", "manifest.jsonl"), stop);
        Assert.Equal(64, JsonDocument.Parse(manifest[0]).RootElement.GetProperty("labels").GetString()!.Length);

        var data = VocFolder.Open(run.GetProperty("dataset").GetString()!);
        Assert.Equal(["background", "forklift", "traffic cone", "pallet"], data.Labels);
        var seen = data.LoadAll().SelectMany(sample => sample.Labels.Labels).Distinct().ToList();
        Assert.Contains(seen, label => label is > 0 and < 255);
        Assert.All(seen, label => Assert.True(label is <= 3 or 255, $"{label}"));

        await RunAsync(0, ["export", "own", "--format", "coco", "--out", Data("coco"), "--json", "--data", Data("one")]);
        await RunAsync(0, ["export", "own", "--format", "yolo", "--out", Data("yolo"), "--json", "--data", Data("one")]);
        using var coco = JsonDocument.Parse(
            await File.ReadAllBytesAsync(_process.Folder.Path("coco", "annotations", "instances_trainval.json"), stop)
        );
        Assert.Equal(
            ["1 forklift", "2 traffic cone", "3 pallet"],
            coco.RootElement.GetProperty("categories").EnumerateArray().Select(c => $"{c.GetProperty("id")} {c.GetProperty("name")}")
        );
        Assert.All(
            coco.RootElement.GetProperty("annotations").EnumerateArray(),
            a => Assert.InRange(a.GetProperty("category_id").GetInt32(), 1, 3)
        );
        var yolo = await File.ReadAllTextAsync(_process.Folder.Path("yolo", "data.yaml"), stop);
        Assert.Contains("  1: traffic cone\n", yolo, StringComparison.Ordinal);
        var report = await File.ReadAllTextAsync(run.GetProperty("report").GetString()!, stop);
        Assert.Contains("traffic cone", report, StringComparison.Ordinal);
    }

    private async Task InterruptAsync(string[] lines, params string[] arguments)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        _process.OnError = said =>
        {
            if (lines.Any(line => said.Contains(line, StringComparison.Ordinal))) stop.Cancel();
        };
        var code = await _process.RunAsync([.. arguments, "--data", Data("two")], stop.Token);
        _process.OnError = null;
        Assert.True(code == 130, $"exit code {code}: {_process.Error}");
        _process.Clear();
    }

    private async Task<JsonElement> RunAsync(int code, string[] arguments)
    {
        _process.Clear();
        var exit = await _process.RunAsync(arguments);
        Assert.True(exit == code, $"exit code {exit}: {_process.Error}");
        return JsonDocument.Parse(_process.Out).RootElement;
    }

    private async Task WriteAsync(string export)
    {
        var stop = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(
            RunFile,
            $$"""
            classes: [forklift, traffic cone, pallet]
            backgrounds: [on the floor, in a store]
            seed: 5
            rounds: 2
            samplesPerRound: 9
            model: "{{export}}"
            generation: { steps: 1, guidance: 1, batch: 9, width: 128, height: 128 }
            mask: { refinement: none, minArea: 0, maxArea: 1, minConfidence: 0, threshold: 0.4 }
            composition: { multiShare: 1, maxObjects: 2 }
            scoring: { folds: 2, foldSteps: 1 }
            training: { init: none, size: 64, steps: 2, batch: 2, checkpointSteps: 1 }
            evaluation: { dataset: warehouse, classMap: [gabelstapler=forklift, kegel=traffic cone, "*=background"] }
            """,
            stop
        );
        Directory.CreateDirectory(_process.Folder.Path("warehouse", "JPEGImages"));
        Directory.CreateDirectory(_process.Folder.Path("warehouse", "SegmentationClass"));
        await File.WriteAllTextAsync(
            _process.Folder.Path("warehouse", "labelmap.txt"),
            "background:0,0,0::\nGabelstapler:1,1,1::\nKegel:2,2,2::\nPallet:3,3,3::\nroof:4,4,4::\n",
            stop
        );
        for (byte i = 1; i <= 3; i++)
        {
            var labels = new LabelMap(64, 64);
            for (var p = 0; p < labels.Labels.Length; p++)
                labels.Labels[p] = p < 64 * 8 ? (byte)4 : p % 64 is > 16 and < 48 ? i : (byte)0;
            await File.WriteAllBytesAsync(
                _process.Folder.Path("warehouse", "JPEGImages", $"{i}.png"),
                ImageCodec.EncodePng(new RgbImage(64, 64)),
                stop
            );
            await File.WriteAllBytesAsync(
                _process.Folder.Path("warehouse", "SegmentationClass", $"{i}.png"),
                IndexedPng.EncodeGrey(labels),
                stop
            );
        }
    }
}
