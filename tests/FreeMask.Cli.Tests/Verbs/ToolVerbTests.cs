using System.Text.Json;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Imaging;
using FreeMask.Vision;
using Xunit;

namespace FreeMask.Cli.Tests.Verbs;

public sealed class ToolVerbTests : IDisposable
{
    private readonly TestProcess _process = new();

    public void Dispose() => _process.Dispose();

    [Fact]
    public async Task The_thesaurus_ranks_the_classes_for_a_background()
    {
        Assert.Equal(0, await _process.RunAsync(["thesaurus", "query", "on the grass", "--json"]));

        var answer = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal("grass", answer.GetProperty("scene").GetString());
        Assert.Equal(20, answer.GetProperty("classes").GetArrayLength());
    }

    [Fact]
    public async Task A_background_that_the_thesaurus_does_not_know_is_bad_input()
    {
        Assert.Equal(2, await _process.RunAsync("thesaurus query xyzzy"));
        Assert.Contains("xyzzy", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thesaurus_is_built_from_captions_and_can_be_asked()
    {
        await File.WriteAllLinesAsync(
            _process.Folder.Path("captions.txt"),
            Enumerable.Repeat("a dog runs on the grass", 50),
            TestContext.Current.CancellationToken
        );
        var file = _process.Folder.Path("made", "thesaurus.json");

        Assert.Equal(0, await _process.RunAsync(["thesaurus", "build", _process.Folder.Path("captions.txt"), "--out", file]));
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(["thesaurus", "query", "grass", "--thesaurus", file, "--json"]));
        Assert.Equal("dog", JsonDocument.Parse(_process.Out).RootElement.GetProperty("classes")[0].GetProperty("class").GetString());
    }

    [Fact]
    public async Task Pairs_in_captions_are_compared_with_those_in_annotations()
    {
        var folder = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models", "mini", "heldout");
        string[] command = ["thesaurus", "compare", folder, "--list", "multi"];
        Assert.Equal(0, await _process.RunAsync([.. command, "--json"]));
        var compared = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(200, compared.GetProperty("images").GetInt32());
        Assert.Equal(20 * 19 / 2, compared.GetProperty("pairs").GetArrayLength());
        Assert.Empty(compared.GetProperty("leftOut").EnumerateArray());
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(command));
        Assert.Contains("200 annotated images show", _process.Out, StringComparison.Ordinal);
        Assert.Contains("named, never shown", _process.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_is_not_a_caption_corpus()
    {
        await File.WriteAllBytesAsync(
            _process.Folder.Path("image.jpg"),
            ImageCodec.EncodeJpeg(new RgbImage(16, 16)),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(
            2,
            await _process.RunAsync(["thesaurus", "build", _process.Folder.Path("image.jpg"), "--out", _process.Folder.Path("made.json")])
        );
        Assert.Contains("is no text in UTF-8", _process.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_process.Folder.Path("made.json")));
    }

    [Fact]
    public async Task Affinities_cannot_be_learned_from_a_run_that_is_not_there()
    {
        Assert.Equal(2, await _process.RunAsync(["train", "affinity", "nowhere", "--out", _process.Folder.Path("heads")]));
        Assert.Contains("nowhere", _process.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _process.RunAsync(["train", "affinity", "nowhere", "--out", _process.Folder.Path("heads"), "--steps", "0"]));
        Assert.Contains("--steps", _process.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_process.Folder.Path("heads")));
    }

    [Fact]
    public async Task The_doctor_leaves_a_data_folder_as_it_is()
    {
        await _process.RunAsync("doctor");
        Assert.False(Directory.Exists(_process.Folder.Path("data")));
        Directory.CreateDirectory(_process.Folder.Path("data"));
        await File.WriteAllTextAsync(_process.Folder.Path("data", ".probe"), "mine", TestContext.Current.CancellationToken);
        await _process.RunAsync("doctor");
        Assert.Equal([_process.Folder.Path("data", ".probe")], Directory.EnumerateFileSystemEntries(_process.Folder.Path("data")));
    }

    [Fact]
    public async Task The_doctor_finds_what_is_missing_and_says_what_to_do()
    {
        Assert.Equal(1, await _process.RunAsync("doctor --json"));

        var checks = JsonDocument
            .Parse(_process.Out)
            .RootElement.GetProperty("checks")
            .EnumerateArray()
            .ToDictionary(check => check.GetProperty("name").GetString()!);
        Assert.Equal("failed", checks["model bundles"].GetProperty("verdict").GetString());
        Assert.Contains("FREEMASK_MODELS", checks["model bundles"].GetProperty("remedy").GetString(), StringComparison.Ordinal);
        foreach (var name in new[] { "ONNX Runtime", "TorchSharp", "image codec", "data folder" })
            Assert.Equal("ok", checks[name].GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task Models_that_are_not_there_are_bad_input_with_the_names_of_those_that_are()
    {
        Directory.CreateDirectory(_process.Folder.Path("models", "mini"));
        await File.WriteAllTextAsync(
            _process.Folder.Path("models", "mini", "model_index.json"),
            "{}",
            TestContext.Current.CancellationToken
        );

        Assert.Equal(0, await _process.RunAsync("models list"));
        Assert.Contains("mini", _process.Out, StringComparison.Ordinal);
        Assert.Equal(2, await _process.RunAsync("models verify minni"));
        Assert.Contains("Did you mean 'mini'?", _process.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _process.RunAsync("models verify mini"));
    }

    [Fact]
    public async Task Evaluating_something_that_is_no_segmenter_is_bad_input()
    {
        Assert.Equal(2, await _process.RunAsync(["eval", "nothing", "--dataset", _process.Folder.Root]));
        Assert.Contains("'nothing' is neither a run", _process.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _process.RunAsync(["eval", "--dataset", _process.Folder.Root]));
        Assert.Contains("Name what to measure", _process.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _process.RunAsync(["eval", "mini", "--segmenter", "nothing", "--dataset", _process.Folder.Root]));
        Assert.Contains("once", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Training_without_art_is_bad_input()
    {
        Assert.Equal(2, await _process.RunAsync(["train", "mini-diffusion", "--art", _process.Folder.Path("nowhere")]));
        Assert.Contains("nowhere", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_segmenter_is_trained_on_a_data_set_and_measured_on_its_validation_list()
    {
        var data = _process.Folder.Path("voc");
        await WriteSquaresAsync(data, 6, TestContext.Current.CancellationToken);
        string[] train =
        [
            "train",
            "segmenter",
            "--dataset",
            data,
            "--init",
            "none",
            "--recipe",
            "small",
            "--steps",
            "2",
            "--batch",
            "2",
            "--size",
            "64",
            "--out",
            _process.Folder.Path("made"),
            "--json",
        ];

        Assert.True(await _process.RunAsync(train) == 0, _process.Error);
        var answer = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(4, answer.GetProperty("samples").GetInt32());
        Assert.Equal(2, answer.GetProperty("validation").GetProperty("samples").GetInt32());
        Assert.InRange(answer.GetProperty("validation").GetProperty("mIoU").GetDouble(), 0, 1);
        Assert.Equal(
            ["card.json", "config.json", "model.onnx", "model.safetensors", "preprocessor_config.json"],
            Directory.EnumerateFiles(_process.Folder.Path("made")).Select(Path.GetFileName).Order()
        );
        _process.Clear();
        Assert.Equal(
            0,
            await _process.RunAsync([
                "eval",
                "--segmenter",
                _process.Folder.Path("made"),
                "--dataset",
                data,
                "--baseline",
                _process.Folder.Path("made"),
                "--json",
            ])
        );
        var compared = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(0, compared.GetProperty("difference").GetDouble());
        Assert.Equal(0, compared.GetProperty("interval").GetProperty("high").GetDouble());
        Assert.InRange(
            compared.GetProperty("measure").GetProperty("mIoU").GetDouble(),
            compared.GetProperty("measure").GetProperty("interval").GetProperty("low").GetDouble() - 1e-9,
            1
        );
        Assert.Equal(2, await _process.RunAsync(train));
        Assert.Contains("holds a segmenter already", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Classes_of_a_label_map_keep_their_names_in_training_measures_and_runs()
    {
        var data = _process.Folder.Path("voc");
        await WriteSquaresAsync(data, 6, TestContext.Current.CancellationToken);
        var labelMap = Path.Combine(data, "labelmap.txt");
        await File.WriteAllTextAsync(
            labelMap,
            "background:0,0,0::\ncat:128,0,0::\ndog:0,128,0::\nsheep:128,128,0::\n",
            TestContext.Current.CancellationToken
        );
        Assert.True(
            await _process.RunAsync([
                "train",
                "segmenter",
                "--dataset",
                data,
                "--init",
                "none",
                "--recipe",
                "small",
                "--steps",
                "1",
                "--batch",
                "1",
                "--size",
                "64",
                "--out",
                _process.Folder.Path("made"),
            ]) == 0,
            _process.Error
        );
        _process.Clear();
        Assert.True(
            await _process.RunAsync(["eval", "--segmenter", _process.Folder.Path("made"), "--dataset", data, "--json"]) == 0,
            _process.Error
        );
        string[] measured =
        [
            .. JsonDocument.Parse(_process.Out).RootElement.GetProperty("classes").EnumerateObject().Select(item => item.Name),
        ];
        Assert.Superset(new HashSet<string> { "cat", "dog", "sheep" }, measured.ToHashSet());
        Assert.DoesNotContain("aeroplane", measured);

        string[] eval = ["eval", "--segmenter", _process.Folder.Path("made"), "--dataset", data, "--json"];
        _process.Clear();
        Assert.True(await _process.RunAsync([.. eval, "--protocol", "classes", "--classes", "cat", "dog"]) == 0, _process.Error);
        var counted = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal("classes", counted.GetProperty("protocol").GetString());
        Assert.Equal(["cat", "dog"], counted.GetProperty("classes").EnumerateObject().Select(item => item.Name));
        _process.Clear();
        Assert.True(await _process.RunAsync([.. eval, "--protocol", "zero-shot", "--classes", "sheep"]) == 0, _process.Error);
        var all = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(
            all.GetProperty("classes").GetProperty("sheep").GetProperty("iou").GetDouble(),
            all.GetProperty("zeroShot").GetProperty("unseen").GetDouble(),
            9
        );
        (string[] Wrong, string Message)[] refused =
        [
            (["--protocol", "some"], "There is no protocol 'some'"),
            (["--classes", "cat"], "--classes is for the protocols zero-shot and classes"),
            (["--protocol", "classes"], "needs classes; name them with --classes"),
            (["--protocol", "classes", "--classes", "zebra"], "has no class 'zebra'"),
            (["--format", "coco"], "holds no instances_"),
        ];
        foreach (var (wrong, message) in refused)
        {
            _process.Clear();
            Assert.Equal(2, await _process.RunAsync([.. eval, .. wrong]));
            Assert.Contains(message, _process.Out, StringComparison.Ordinal);
        }

        // A run of the folder takes them by name too; a name that VOC does not have is refused where it stands.
        var resolver = new BundleCatalog(null).ResolverAt(_process.Folder.Root);
        Assert.Equal(
            [("0", 8), ("1", 12), ("3", 8), ("4", 12)],
            resolver.ReadSamples(data, null, LabelSet.Voc, [8, 12]).Select(sample => (sample.Name, (int)sample.ClassId))
        );
        await File.AppendAllTextAsync(labelMap, "zebra:1,2,3::\n", TestContext.Current.CancellationToken);
        foreach (var use in new[] { "source: { kind: folder, path: voc }", "evaluation: { dataset: voc }" })
            Assert.Contains(
                "zebra",
                Assert.Throws<RunFileException>(() => RunFile.Parse($"classes: [cat]\n{use}\n", "a.yaml", resolver)).Message,
                StringComparison.Ordinal
            );
    }

    [Fact]
    public async Task Masks_without_any_class_are_bad_input_before_the_training()
    {
        var data = _process.Folder.Path("voc");
        await WriteSquaresAsync(data, 4, TestContext.Current.CancellationToken);
        foreach (var mask in Directory.EnumerateFiles(Path.Combine(data, "SegmentationClass")).ToList())
        {
            var labels = IndexedPng.Load(mask);
            await File.WriteAllBytesAsync(
                mask,
                IndexedPng.EncodeGrey(
                    new LabelMap(labels.Width, labels.Height, Array.ConvertAll(labels.Labels, label => label == 0 ? label : (byte)255))
                ),
                TestContext.Current.CancellationToken
            );
        }

        Assert.Equal(
            2,
            await _process.RunAsync([
                "train",
                "segmenter",
                "--dataset",
                data,
                "--init",
                "none",
                "--recipe",
                "small",
                "--steps",
                "1",
                "--out",
                _process.Folder.Path("made"),
            ])
        );
        Assert.Contains("0 and 255", _process.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_process.Folder.Path("made")));
    }

    [Fact]
    public async Task A_segmenters_training_that_is_stopped_goes_on_and_makes_the_same_weights()
    {
        var data = _process.Folder.Path("voc");
        await WriteSquaresAsync(data, 6, TestContext.Current.CancellationToken);
        string[] Train(string folder) =>
            [
                "train",
                "segmenter",
                "--dataset",
                data,
                "--init",
                "none",
                "--recipe",
                "small",
                "--steps",
                "3",
                "--checkpoint-steps",
                "1",
                "--batch",
                "2",
                "--size",
                "64",
                "--out",
                _process.Folder.Path(folder),
            ];

        Assert.True(await _process.RunAsync(Train("straight")) == 0, _process.Error);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        Assert.Equal(130, await _process.RunAsync(Train("stopped"), stop.Token));
        Assert.True(File.Exists(_process.Folder.Path("stopped", "checkpoint.safetensors")));
        Assert.Equal(0, await _process.RunAsync(Train("stopped")));
        Assert.Equal(
            await File.ReadAllBytesAsync(_process.Folder.Path("straight", "model.safetensors"), TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(_process.Folder.Path("stopped", "model.safetensors"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_training_is_measured_on_its_way_and_its_best_model_kept_interrupted_or_not()
    {
        var data = _process.Folder.Path("voc");
        await WriteSquaresAsync(data, 6, TestContext.Current.CancellationToken);
        string[] Train(string folder) =>
            [
                "train",
                "segmenter",
                "--dataset",
                data,
                "--init",
                "none",
                "--recipe",
                "small",
                "--steps",
                "5",
                "--validate-every",
                "2",
                "--batch",
                "2",
                "--size",
                "64",
                "--out",
                _process.Folder.Path(folder),
                "--json",
            ];
        string Text(params string[] parts) => Convert.ToHexString(File.ReadAllBytes(_process.Folder.Path(parts)));

        Assert.True(await _process.RunAsync(Train("straight")) == 0, _process.Error);
        var answer = JsonDocument.Parse(_process.Out).RootElement;
        var lines = File.ReadLines(_process.Folder.Path("straight", "metrics.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToList();
        Assert.Equal([2, 4, 5], lines.Select(line => line.GetProperty("step").GetInt32()));
        var best = lines.MaxBy(line => line.GetProperty("mIoU").GetDouble());
        Assert.Equal(best.GetProperty("step").GetInt32(), answer.GetProperty("best").GetProperty("step").GetInt32());
        Assert.Equal(answer.GetProperty("validation").GetProperty("mIoU").GetDouble(), lines[2].GetProperty("mIoU").GetDouble());
        Assert.Equal(
            ["best", "card.json", "config.json", "metrics.jsonl", "model.onnx", "model.safetensors", "preprocessor_config.json"],
            Directory.EnumerateFileSystemEntries(_process.Folder.Path("straight")).Select(Path.GetFileName).Order()
        );
        _process.Clear();
        Assert.Equal(
            0,
            await _process.RunAsync(["eval", "--segmenter", _process.Folder.Path("straight", "best"), "--dataset", data, "--json"])
        );

        // Killed after the second measure: its line and what came later are lost, the checkpoint of step 4 is not.
        using var stop = new CancellationTokenSource();
        _process.OnError = text =>
        {
            if (text.Contains("step 4: mIoU", StringComparison.Ordinal)) stop.Cancel();
        };
        Assert.Equal(130, await _process.RunAsync(Train("stopped"), stop.Token));
        _process.OnError = null;
        var metrics = _process.Folder.Path("stopped", "metrics.jsonl");
        await File.WriteAllLinesAsync(metrics, File.ReadLines(metrics).Take(1).ToList(), TestContext.Current.CancellationToken);
        Assert.Equal(0, await _process.RunAsync(Train("stopped")));
        Assert.Equal(Text("straight", "metrics.jsonl"), Text("stopped", "metrics.jsonl"));
        Assert.Equal(Text("straight", "model.safetensors"), Text("stopped", "model.safetensors"));
        Assert.Equal(Text("straight", "best", "model.safetensors"), Text("stopped", "best", "model.safetensors"));

        Assert.Equal(2, await _process.RunAsync([.. Train("third").Select(word => word == "2" ? "0" : word)]));
        Assert.Contains("--validate-every is 0", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Starting_weights_that_are_not_there_are_bad_input()
    {
        var data = _process.Folder.Path("voc");
        await WriteSquaresAsync(data, 3, TestContext.Current.CancellationToken);

        Assert.Equal(
            2,
            await _process.RunAsync([
                "train",
                "segmenter",
                "--dataset",
                data,
                "--init",
                _process.Folder.Path("nowhere"),
                "--out",
                _process.Folder.Path("made"),
            ])
        );
        Assert.Contains("--init", _process.Error, StringComparison.Ordinal);
        Assert.Equal(
            2,
            await _process.RunAsync([
                "train",
                "segmenter",
                "--dataset",
                _process.Folder.Path("nowhere"),
                "--out",
                _process.Folder.Path("made"),
            ])
        );
    }

    /// <summary>Images with a bright square of one class each; the last two are for validation.</summary>
    private static async Task WriteSquaresAsync(string folder, int count, CancellationToken stop)
    {
        const int side = 64;
        foreach (var part in new[] { "JPEGImages", "SegmentationClass", Path.Combine("ImageSets", "Segmentation") })
            Directory.CreateDirectory(Path.Combine(folder, part));
        for (var i = 0; i < count; i++)
        {
            var (image, labels) = (new RgbImage(side, side), new LabelMap(side, side));
            for (var y = 16; y < 48; y++)
                for (var x = 16; x < 48; x++) (image[x, y][i % 3], labels[x, y]) = (255, (byte)(1 + (i % 3)));
            await File.WriteAllBytesAsync(Path.Combine(folder, "JPEGImages", $"{i}.png"), ImageCodec.EncodePng(image), stop);
            await File.WriteAllBytesAsync(Path.Combine(folder, "SegmentationClass", $"{i}.png"), IndexedPng.Encode(labels), stop);
        }

        var lists = Path.Combine(folder, "ImageSets", "Segmentation");
        await File.WriteAllLinesAsync(Path.Combine(lists, "train.txt"), Enumerable.Range(0, count - 2).Select(i => $"{i}"), stop);
        await File.WriteAllLinesAsync(Path.Combine(lists, "val.txt"), Enumerable.Range(count - 2, 2).Select(i => $"{i}"), stop);
    }
}
