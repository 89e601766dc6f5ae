using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Cli.Checks;
using FreeMask.Cli.Tests.Runs;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Vision.Segmentation;
using Xunit;

namespace FreeMask.Cli.Tests.Checks;

/// <summary>Runs that could not end well are refused before anything is started.</summary>
public sealed class RunCheckTests : IDisposable
{
    private static readonly string Mini = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models", "mini");

    private readonly TestProcess _process = new() { Checks = RunChecks.All };

    public RunCheckTests()
    {
        // Parts that a test damages are copied first.
        foreach (var part in Directory.EnumerateDirectories(Mini))
        {
            Directory.CreateDirectory(_process.Folder.Path("models", "mini"));
            Directory.CreateSymbolicLink(Part(Path.GetFileName(part)), part);
        }

        File.Copy(Path.Combine(Mini, "model_index.json"), Part("model_index.json"));
    }

    public void Dispose() => _process.Dispose();

    [Theory]
    [InlineData("unet", "model", "unet/model.onnx does not exist")]
    [InlineData("text_encoder", "model", "text_encoder/model.onnx does not exist")]
    [InlineData("vae_decoder", "model", "vae_decoder/model.onnx does not exist")]
    [InlineData("tokenizer", "model", "tokenizer")]
    [InlineData("scheduler", "model", "scheduler_config.json")]
    [InlineData("segmenter", "training.init", "the bundle 'mini' has no segmenter to start from")]
    [InlineData("heldout", "evaluation.dataset", "the bundle 'mini' ships no held-out images")]
    public async Task A_bundle_without_a_part_is_refused(string part, string key, string message)
    {
        Directory.Delete(Part(part));

        await RefuseAsync("classes: [cat]", $"'{key}': ", message);
    }

    [Theory]
    [InlineData("unet", "model.onnx", "model")]
    [InlineData("tokenizer", "vocab.json", "model")]
    [InlineData("scheduler", "scheduler_config.json", "model")]
    [InlineData("segmenter", "model.safetensors", "training.init")]
    [InlineData("segmenter", "config.json", "training.init")]
    public async Task A_file_that_is_cut_off_is_refused(string part, string file, string key)
    {
        var path = Path.Combine(Own(part), file);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(path, bytes[..(bytes.Length / 2)], TestContext.Current.CancellationToken);

        await RefuseAsync("classes: [cat]", $"'{key}': ", file);
    }

    [Theory]
    [InlineData("classes: [cat]", 1000, "'model': the models of 'mini' are")]
    [InlineData("{ classes: [cat], training: { init: models/mini/segmenter } }", 10_000_000, "weights, gradients and two moments")]
    public async Task Models_that_do_not_fit_into_the_memory_of_the_device_are_refused(string text, long memory, string message)
    {
        _process.MemoryOf = device => device == "cpu" ? memory : null;

        await RefuseAsync(text, message);
    }

    [Fact]
    public async Task Memory_that_cannot_be_told_is_not_held_against_a_run()
    {
        _process.MemoryOf = _ => null;

        Assert.Equal(0, await CheckAsync("classes: [cat]", "--json"));
    }

    [Fact]
    public async Task A_segmenter_of_other_classes_gets_a_new_head_and_this_is_said()
    {
        Assert.Equal(0, await CheckAsync("classes: [cat, potted plant]\nlabels: coco", "--json"));
        Assert.Contains("its class head starts anew", _process.Out, StringComparison.Ordinal);
        _process.Clear();
        Assert.Equal(0, await CheckAsync("classes: [cat]", "--json"));
        Assert.DoesNotContain("starts anew", _process.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Classes_that_the_bundle_cannot_draw_are_refused_by_name() =>
        await RefuseAsync("classes: [cat, zebra, forklift]\nlabels: own", "cannot draw 'zebra'", "cannot draw 'forklift'");

    [Fact]
    public async Task A_start_that_is_not_there_is_refused()
    {
        await RefuseAsync("classes: [cat]\ntraining: { init: imagenet }", "'freemask models pull imagenet-resnet18' fetches them");
        await RefuseAsync("classes: [cat]\ntraining: { init: nowhere }", "'training.init' is 'nowhere': neither a word");
        var backbone = Path.Combine(Mini, "backbone");
        Assert.Equal(0, await CheckAsync($"classes: [cat]\ntraining: {{ init: \"{backbone}\", recipe: small }}", "--json"));
    }

    [Fact]
    public async Task A_start_that_trained_weights_cannot_be_averaged_with_is_refused()
    {
        const string Share = "'training.startShare': ";
        var backbone = Path.Combine(Mini, "backbone");
        await RefuseAsync(
            $"classes: [cat]\ntraining: {{ init: \"{backbone}\", recipe: small, startShare: 0.5 }}",
            Share,
            "holds no segmenter to average"
        );
        await RefuseAsync("classes: [cat]\nlabels: coco\ntraining: { startShare: 0.5 }", Share, "has other classes than the run");
        Assert.Equal(0, await CheckAsync("classes: [cat]\ntraining: { startShare: 0.5 }", "--json"));
    }

    [Fact]
    public async Task A_pointer_in_place_of_a_model_is_refused()
    {
        await WriteAsync(Path.Combine(Own("vae_decoder"), "model.onnx"), "version https://git-lfs.github.com/spec/v1\n");

        await RefuseAsync("classes: [cat]", "'model': ", "is a Git LFS pointer");
    }

    [Fact]
    public async Task A_backbone_that_is_missing_is_refused_and_no_start_is_not()
    {
        Directory.Delete(Part("backbone"));

        await RefuseAsync("classes: [cat]\ntraining: { init: backbone }", "'training.init': ", "has no classification backbone");
        Assert.Equal(0, await CheckAsync("classes: [cat]\ntraining: { init: none }", "--json"));
    }

    [Fact]
    public async Task Starting_weights_of_another_kind_are_refused()
    {
        File.Copy(Path.Combine(Mini, "backbone", "config.json"), Path.Combine(Own("segmenter"), "config.json"), overwrite: true);

        await RefuseAsync("classes: [cat]", "a model of type 'resnet'; 'bundle' needs mask2former");
    }

    [Fact]
    public async Task A_class_beyond_the_last_token_is_refused()
    {
        var words = string.Concat(Enumerable.Repeat("grass ", 90));
        await RefuseAsync(
            $"classes: [cat]\ngeneration:\n  prompts:\n    - \"a photo of {{a class}}\"\n    - \"{words} with {{a class}}\"",
            "5:7: 'generation.prompts[1]': the model reads ",
            " tokens, and 'cat' is not among those");
    }

    [Fact]
    public async Task A_training_program_that_is_not_there_is_refused()
    {
        _process.Variables["PATH"] = _process.Folder.Path("bin");
        await RefuseAsync("classes: [cat]\ntrainer: { command: [trainer] }", "there is no program 'trainer' on the PATH");
        await RefuseAsync("classes: [cat]\ntrainer: { command: [./trainer.sh] }", "'./trainer.sh', and there is no such file");
        await WriteAsync(_process.Folder.Path("trainer.sh"), "#!/bin/sh\n");
        await RefuseAsync("classes: [cat]\ntrainer: { command: [./trainer.sh] }", "trainer.sh' is not executable");
        Directory.CreateDirectory(_process.Folder.Path("bin"));
        await WriteAsync(_process.Folder.Path("bin", "trainer"), "#!/bin/sh\n");
        Assert.Equal(0, await CheckAsync("classes: [cat]\ntrainer: { command: [trainer] }", "--json"));
    }

    [Fact]
    public async Task Samples_that_do_not_fit_on_the_disk_are_refused() =>
        await RefuseAsync("classes: [cat]\nrounds: 1000\nsamplesPerRound: 1000000", "'samplesPerRound': the samples take", "are free");

    [Theory]
    [InlineData("--device", "cuda:0", "--device cuda:0: ")]
    [InlineData("--device", "cpu:first", "--device cpu:first: what follows the colon is no device's number")]
    [InlineData("--device", "abacus", "--device abacus: ")]
    [InlineData("--training-device", "cuda:99", "--training-device cuda:99: ")]
    [InlineData("--training-device", "abacus", "--training-device abacus: 'abacus' is no device for training")]
    public async Task A_device_that_is_not_there_is_refused(string option, string device, string message)
    {
        Assert.Equal(2, await CheckAsync("classes: [cat]", option, device));
        Assert.Contains(message, _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_set_without_classes_is_refused()
    {
        Directory.CreateDirectory(_process.Folder.Path("empty", "JPEGImages"));
        Directory.CreateDirectory(_process.Folder.Path("empty", "SegmentationClass"));
        await File.WriteAllBytesAsync(
            _process.Folder.Path("empty", "JPEGImages", "a.jpg"),
            ImageCodec.EncodeJpeg(new RgbImage(8, 8)),
            TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(
            _process.Folder.Path("empty", "SegmentationClass", "a.png"),
            IndexedPng.Encode(new LabelMap(8, 8)),
            TestContext.Current.CancellationToken);

        await RefuseAsync("classes: [cat]\nevaluation: { dataset: empty }", "'evaluation.dataset': no mask of", "shows a class");
    }

    [Fact]
    public async Task A_data_set_that_is_not_there_is_refused()
    {
        await RefuseAsync("classes: [cat]\nevaluation: { dataset: nowhere }", "'evaluation.dataset' is 'nowhere', and there is no such");
        await RefuseAsync("classes: [cat]\nevaluation: { transfer: nowhere }", "'evaluation.transfer' is 'nowhere'");
        await RefuseAsync("classes: [cat]\ntraining: { real: nowhere }", "'training.real' is 'nowhere'");
        await RefuseAsync(
            $"classes: [cat]\nevaluation: {{ dataset: \"{Part("heldout")}\", layout: cityscapes }}",
            "has no part 'train': it needs leftImg8bit/train");
        await RefuseAsync(
            $"classes: [cat]\nevaluation: {{ dataset: \"{Part("heldout")}\", part: val }}",
            "the data set has no part 'val'");
        Assert.Equal(0, await CheckAsync($"classes: [cat]\nevaluation: {{ dataset: \"{Part("heldout")}\", part: single }}", "--json"));
    }

    [Fact]
    public async Task A_data_set_without_a_class_of_the_protocol_is_refused()
    {
        await DataAsync("street", "background:0,0,0::\nperson:1,1,1::\ncar:2,2,2::\n", [0, 1, 2, 2]);
        const string BusCarPerson = "classes: [bus, car, person]\nevaluation: { protocol: bus-car-person";

        await RefuseAsync(BusCarPerson + ", dataset: street }", "'evaluation.dataset': ", "has no class 'bus', which the protocol");
        await RefuseAsync(BusCarPerson + ", transfer: street }", "'evaluation.transfer': ", "has no class 'bus'");
        Assert.Equal(0, await CheckAsync(BusCarPerson + " }", "--json"));
        Assert.Equal(0, await CheckAsync("classes: [cat]\nevaluation: { protocol: human-vehicle, transfer: street }", "--json"));
    }

    [Fact]
    public async Task Zero_shot_needs_real_images_of_classes_that_are_not_made()
    {
        await DataAsync("sheep", "background:0,0,0::\nsheep:1,1,1::\n", [0, 1, 1, 1]);
        const string Sheep = "classes: [sheep]\nevaluation: { protocol: zero-shot }\ntraining: { init: backbone";

        await RefuseAsync(Sheep + " }", "'evaluation.protocol': zero-shot needs real images");
        await RefuseAsync(Sheep + ", real: sheep }", "'training.real': no mask of", "shows a class that is to be learnt from it");
        await RefuseAsync(
            $"classes: all\nevaluation: {{ protocol: zero-shot }}\ntraining: {{ real: \"{Part("heldout")}\" }}",
            "'evaluation.protocol': Every class of the label set is one of the run's");
        await DataAsync("zoo", "background:0,0,0::\nzebra:1,1,1::\n", [0, 1, 1, 1]);
        await RefuseAsync(Sheep + ", real: zoo }", "has classes that are none of VOC's: zebra");
        Assert.Equal(0, await CheckAsync(Sheep + $", real: \"{Part("heldout")}\", realPart: single, realShare: 0.5 }}", "--json"));
    }

    [Fact]
    public async Task A_scoring_segmenter_that_does_not_know_a_class_is_refused()
    {
        await WriteSegmenterAsync(["background", "cat", "horsey"]);

        await RefuseAsync("classes: [cat, dog]\nscoring: { segmenter: scorer }", "the segmenter has no class 'dog' (background, cat,");
        await RefuseAsync("classes: [cat]\nscoring: { segmenter: scorer, classMap: [zebra=horse] }", "'scoring.classMap': ", "zebra");
        Assert.Equal(
            0,
            await CheckAsync("classes: [cat, horse]\nscoring: { segmenter: scorer, classMap: [horsey=horse] }", "--json"));
    }

    [Fact]
    public async Task A_placement_model_of_another_form_is_refused()
    {
        Directory.CreateDirectory(_process.Folder.Path("places"));
        await RefuseAsync("classes: [cat]\ncomposition: { placement: places }", "'composition.placement'", "model.onnx");
        File.Copy(Path.Combine(Mini, "vae_decoder", "model.onnx"), _process.Folder.Path("places", "model.onnx"));
        await RefuseAsync("classes: [cat]\ncomposition: { placement: places }", "'composition.placement': ", "takes a background");
        Directory.Delete(Part("placement"));
        await RefuseAsync(
            "classes: [cat]\ncomposition: { placement: bundle }", "'composition.placement'", "the bundle 'mini' ships no placement model");
    }

    [Fact]
    public async Task A_harmonizer_of_another_form_is_refused()
    {
        const string Run = "classes: [cat]\nharmonization: { model: colors }";
        Directory.CreateDirectory(_process.Folder.Path("colors"));
        await RefuseAsync(Run, "'harmonization.model'", "model.onnx");
        var model = _process.Folder.Path("colors", "model.onnx");
        File.Copy(Path.Combine(Mini, "vae_decoder", "model.onnx"), model);
        await RefuseAsync(Run, "'harmonization.model': ", "A harmonizer without config.json takes an image and a mask");
        await File.WriteAllBytesAsync(model, [1, 2, 3], TestContext.Current.CancellationToken);
        await RefuseAsync(Run, "'harmonization.model': ", "model.onnx");
        await RefuseAsync("classes: [cat]\nharmonization: { enabled: false, model: nowhere }", "'harmonization.model'", "no such folder");
    }

    [Fact]
    public async Task A_harmonizer_of_a_known_form_is_accepted_and_not_opened_where_it_is_not_used()
    {
        var graph = new OnnxGraphBuilder();
        var image = graph.Input("image", OnnxGraphBuilder.Float, "n", 3, 256, 256);
        var mask = graph.Input("mask", OnnxGraphBuilder.Float, "n", 1, 256, 256);
        graph.Output("harmonized", graph.Op("Mul", [image, mask]), OnnxGraphBuilder.Float, "n", 3, 256, 256);
        Directory.CreateDirectory(_process.Folder.Path("colors"));
        var model = _process.Folder.Path("colors", "model.onnx");
        await File.WriteAllBytesAsync(model, graph.ToBytes(), TestContext.Current.CancellationToken);
        Assert.Equal(0, await CheckAsync("classes: [cat]\nharmonization: { model: colors }", "--json"));

        await File.WriteAllBytesAsync(model, [1, 2, 3], TestContext.Current.CancellationToken);
        Assert.Equal(0, await CheckAsync("classes: [cat]\nharmonization: { enabled: false, model: colors }", "--json"));
    }

    [Fact]
    public async Task The_plan_tells_when_donors_are_judged()
    {
        Assert.Equal(0, await CheckAsync("classes: [cat]\ncomposition: { donors: judged }", "--json"));
        var phases = JsonNode.Parse(_process.Out)!["phases"]!.AsArray().Select(p => p!.ToString()).ToList();
        var trained = phases.FindIndex(p => p.StartsWith("train 2 models of folds", StringComparison.Ordinal));
        var judged = phases.FindIndex(p => p.StartsWith("score samples of one object", StringComparison.Ordinal));
        Assert.InRange(trained, 0, judged - 1);
        Assert.DoesNotContain("compose, harmonize", phases);
        await RefuseAsync("classes: [cat]\ncomposition: { donors: judged, multiShare: 1 }", "composition.donors", "less than 1");
    }

    [Fact]
    public async Task A_graph_without_attention_is_refused()
    {
        File.Copy(Path.Combine(Mini, "vae_decoder", "model.onnx"), Path.Combine(Own("unet"), "model.onnx"), overwrite: true);

        await RefuseAsync("classes: [cat]", "unet/model.onnx");
    }

    [Fact]
    public async Task An_export_of_the_U_Net_alone_is_refused_with_all_that_it_lacks()
    {
        var export = Vision.Tests.Fixtures.Path("sd", "sd15-ort-fp16");

        await RefuseAsync(
            $"classes: [cat]\nmodel: \"{export}\"",
            "text_encoder/model.onnx does not exist",
            "vae_decoder/model.onnx does not exist",
            "vocab.json",
            "scheduler_config.json",
            "'training.init': ",
            "'evaluation.dataset': ");
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_said_at_once_and_nothing_is_started()
    {
        foreach (var part in new[] { "segmenter", "heldout", "tokenizer" }) Directory.Delete(Part(part));
        var file = _process.Folder.Path("wrong.yaml");
        await WriteAsync(file, "classes: [cat, unicorn]\nrouns: 2\nkeepRatio: 7\ntrainer: { command: [no-trainer] }");

        Assert.Equal(2, await _process.RunAsync(["run", file, "--json"]));

        var problems = JsonNode.Parse(_process.Out)!["problems"]!.AsArray().Select(p => p!["message"]!.ToString()).ToArray();
        foreach (
            var expected in new[]
            {
                "unicorn",
                "rouns",
                "keepRatio",
                "no segmenter",
                "no held-out images",
                "tokenizer",
                "no program 'no-trainer'",
            }
        )
            Assert.Contains(problems, problem => problem.Contains(expected, StringComparison.Ordinal));
        Assert.Empty(await ((FakeEngine)_process.Engine).Directory.List());
    }

    [Fact]
    public async Task Second_uses_of_images_are_not_generated_again()
    {
        const string Text = "classes: [cat, dog]\nsamplesPerRound: 12\nrounds: 1\ngeneration: { steps: 6, batch: 2 }";
        Assert.Equal(0, await CheckAsync(Text, "--json"));
        var once = JsonDocument.Parse(_process.Out).RootElement;
        _process.Clear();
        Assert.Equal(0, await CheckAsync($"{Text}\ncomposition: {{ bothShare: 0.5 }}", "--json"));
        var both = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal((12, 4), (both.GetProperty("samples").GetInt32(), both.GetProperty("secondUses").GetInt32()));
        Assert.Equal(8 * ((6 * 2) + 1), both.GetProperty("unetEvaluations").GetInt32());
        Assert.Equal(0, once.GetProperty("secondUses").GetInt32());
        var bytes = once.GetProperty("bytes").GetInt64();
        Assert.InRange(both.GetProperty("bytes").GetInt64(), bytes * 8 / 12, bytes - 1);
        _process.Clear();
        Assert.Equal(0, await CheckAsync($"{Text}\ncomposition: {{ bothShare: 0.5 }}"));
        Assert.Contains("12 samples in 1 round, 4 of them second uses of images, about", _process.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_can_be_made_is_planned_with_a_measured_batch()
    {
        Assert.Equal(
            0,
            await CheckAsync(
                "classes: [cat, dog]\nrounds: 2\nsamplesPerRound: 8\ngeneration: { steps: 6, batch: 2 }\ntraining: { steps: 10 }",
                "--json"));

        var plan = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(16, plan.GetProperty("samples").GetInt32());
        Assert.Equal(16 * ((6 * 2) + 1), plan.GetProperty("unetEvaluations").GetInt32());
        // Two models of folds and two segmenters.
        Assert.Equal(40, plan.GetProperty("trainingSteps").GetInt32());
        Assert.InRange(plan.GetProperty("generatingSeconds").GetDouble(), 0.01, 600);
        Assert.Equal(Path.Combine(_process.Folder.Path("data"), "runs", "run"), plan.GetProperty("results").GetString());
        Assert.Empty(await ((FakeEngine)_process.Engine).Directory.List());
        Assert.False(Directory.Exists(_process.Folder.Path("data")));
    }

    private string Part(string name) => _process.Folder.Path("models", "mini", name);

    /// <summary>Replaces the link to a part with a copy.</summary>
    private string Own(string name)
    {
        Directory.Delete(Part(name));
        Directory.CreateDirectory(Part(name));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Mini, name)))
            File.Copy(file, Path.Combine(Part(name), Path.GetFileName(file)));
        return Part(name);
    }

    /// <summary>One image with these labels.</summary>
    private async Task DataAsync(string name, string classes, byte[] labels)
    {
        Directory.CreateDirectory(_process.Folder.Path(name, "JPEGImages"));
        Directory.CreateDirectory(_process.Folder.Path(name, "SegmentationClass"));
        await WriteAsync(_process.Folder.Path(name, "labelmap.txt"), classes);
        var stop = TestContext.Current.CancellationToken;
        var image = ImageCodec.EncodePng(new RgbImage(labels.Length, 1));
        await File.WriteAllBytesAsync(_process.Folder.Path(name, "JPEGImages", "a.png"), image, stop);
        var mask = IndexedPng.EncodeGrey(new LabelMap(labels.Length, 1, labels));
        await File.WriteAllBytesAsync(_process.Folder.Path(name, "SegmentationClass", "a.png"), mask, stop);
    }

    private async Task WriteSegmenterAsync(string[] classes)
    {
        Directory.CreateDirectory(_process.Folder.Path("scorer"));
        // No image is scored: any graph with the input that the card names will do.
        File.Copy(Path.Combine(Mini, "vae_decoder", "model.onnx"), _process.Folder.Path("scorer", "model.onnx"));
        var graph = OnnxGraphReader.Read(_process.Folder.Path("scorer", "model.onnx"));
        var card = new SegmenterCard(
            "scorer",
            graph.Inputs[0].Name,
            64,
            64,
            false,
            ImageNormalization.ImageNet,
            "scores",
            SegmenterOutput.Scores,
            classes
        );
        await WriteAsync(_process.Folder.Path("scorer", "card.json"), card.ToJson());
    }

    private async Task RefuseAsync(string text, params string[] messages)
    {
        _process.Clear();
        Assert.Equal(2, await CheckAsync(text));
        Assert.All(messages, message => Assert.Contains(message, _process.Error, StringComparison.Ordinal));
        Assert.Empty(await ((FakeEngine)_process.Engine).Directory.List());
    }

    private async Task<int> CheckAsync(string text, params string[] arguments)
    {
        var file = _process.Folder.Path("run.yaml");
        await WriteAsync(file, text);
        return await _process.RunAsync(["run", file, "--check", .. arguments]);
    }

    private static Task WriteAsync(string file, string text) => File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
}
