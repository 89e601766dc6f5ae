using System.Text.Json;
using FreeMask.Cli.Hub;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Imaging;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision.Segmentation;
using Xunit;

namespace FreeMask.Cli.Tests.Verbs;

/// <summary><c>train segmenter</c> on other layouts than VOC's, from other weights; and what becomes of the checkpoint.</summary>
public sealed class SegmenterVerbTests : IDisposable
{
    private readonly TestProcess _process = new();

    public void Dispose() => _process.Dispose();

    [Fact]
    public async Task A_coco_data_set_is_learnt_measured_and_exported()
    {
        var (data, made, exported) = (_process.Folder.Path("coco"), _process.Folder.Path("made"), _process.Folder.Path("exported"));
        WriteCoco(data);
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
                "2",
                "--batch",
                "2",
                "--size",
                "64",
                "--out",
                made,
                "--json",
            ]) == 0,
            _process.Error
        );
        var answer = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(("coco", 3), (answer.GetProperty("format").GetString(), answer.GetProperty("samples").GetInt32()));
        Assert.Equal(2, answer.GetProperty("validation").GetProperty("samples").GetInt32());
        Assert.Equal(["background", "kite"], SegmenterCard.Load(Path.Combine(made, "card.json")).Classes);

        _process.Clear();
        Assert.True(
            await _process.RunAsync(["export", made, "--onnx", "--out", exported, "--size", "96x64", "--json"]) == 0,
            _process.Error
        );
        using var segmenter = OnnxSegmenter.Load(exported, threads: 1);
        Assert.Equal((96, 64), (segmenter.Card.Width, segmenter.Card.Height));
        segmenter.Segment(new RgbImage(40, 30));
        Assert.Equal(2, await _process.RunAsync(["export", made, "--onnx", "--out", exported]));
        Assert.Contains("--overwrite", _process.Error, StringComparison.Ordinal);
        Assert.Equal(0, await _process.RunAsync(["export", made, "--onnx", "--out", exported, "--overwrite"]));
        Assert.Equal(64, SegmenterCard.Load(Path.Combine(exported, "card.json")).Width);
    }

    [Fact]
    public async Task What_cannot_be_written_or_learnt_is_said_before_the_work()
    {
        var (data, taken) = (_process.Folder.Path("coco"), _process.Folder.Path("taken"));
        WriteCoco(data);
        await File.WriteAllTextAsync(taken, "a file", TestContext.Current.CancellationToken);
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
            "1",
            "--batch",
            "1",
            "--size",
            "64",
        ];
        Assert.Equal(2, await _process.RunAsync([.. train, "--out", taken]));
        Assert.Contains($"--out {taken} cannot be a folder", _process.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("step 1 of 1", _process.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _process.RunAsync([.. train, "--out", _process.Folder.Path("made"), "--learning-rate", "-0.001"]));
        Assert.Contains("--learning-rate is -0.001", _process.Error, StringComparison.Ordinal);
        Assert.True(await _process.RunAsync([.. train, "--out", _process.Folder.Path("made")]) == 0, _process.Error);
        _process.Clear();
        Assert.Equal(2, await _process.RunAsync(["export", _process.Folder.Path("made"), "--onnx", "--out", taken]));
        Assert.Contains("cannot be a folder", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_backbone_of_a_classifier_is_where_imagenet_starts()
    {
        var data = _process.Folder.Path("coco");
        WriteCoco(data);
        new ResNetClassifier(new ResNetConfig(8, [16, 24, 32, 32], [1, 1, 1, 1]), ["a", "b"], seed: 9).Save(
            _process.Folder.Path("models", "resnet-50")
        );
        string[] train = ["train", "segmenter", "--dataset", data, "--recipe", "small", "--steps", "1", "--batch", "1", "--size", "64"];
        Assert.True(
            await _process.RunAsync([.. train, "--init", "imagenet", "--backbone", "resnet-50", "--out", _process.Folder.Path("first")])
                == 0,
            _process.Error
        );
        Assert.Contains(
            "\"embedding_size\": 8",
            await File.ReadAllTextAsync(_process.Folder.Path("first", "config.json"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Equal(
            2,
            await _process.RunAsync([.. train, "--init", "imagenet", "--backbone", "vgg", "--out", _process.Folder.Path("second")])
        );
        Assert.Contains("swin-tiny", _process.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _process.RunAsync([.. train, "--format", "yolo", "--out", _process.Folder.Path("third")]));
        Assert.Equal(2, await _process.RunAsync(["export", _process.Folder.Path("nowhere"), "--onnx", "--out", _process.Folder.Path("x")]));
    }

    [Fact]
    public void A_public_checkpoint_is_its_configuration_and_safetensors()
    {
        string[] files =
        [
            "config.json",
            "model.safetensors",
            "preprocessor_config.json",
            "pytorch_model.bin",
            "README.md",
            "onnx/model.onnx",
            "onnx/config.json",
        ];
        var reference = new HubReference("someone/net", "main");
        HubListing Listing(IEnumerable<string> paths) => new("0", [.. paths.Select(path => new HubFile(path, 1, null, null))]);
        Assert.Equal(
            ["config.json", "model.safetensors", "preprocessor_config.json"],
            HubSelection.Checkpoint(Listing(files), reference).Select(item => item.Path)
        );
        Assert.Throws<FreeMaskException>(() =>
            HubSelection.Checkpoint(Listing(files.Where(file => file != "model.safetensors")), reference)
        );
    }

    /// <summary>Bright squares on black: three images for training, two for validation.</summary>
    private static void WriteCoco(string folder)
    {
        const int side = 64;
        Directory.CreateDirectory(Path.Combine(folder, "annotations"));
        Directory.CreateDirectory(Path.Combine(folder, "images"));
        foreach (var (part, first, count) in new[] { ("train", 0, 3), ("val", 3, 2) })
        {
            var ids = Enumerable.Range(first, count).ToArray();
            foreach (var id in ids)
            {
                var image = new RgbImage(side, side);
                for (var y = 16; y < 48; y++)
                    for (var x = 16; x < 48; x++) image[x, y].Fill(250);
                File.WriteAllBytes(Path.Combine(folder, "images", $"{id}.png"), ImageCodec.EncodePng(image));
            }

            File.WriteAllText(
                Path.Combine(folder, "annotations", $"instances_{part}.json"),
                JsonSerializer.Serialize(
                    new
                    {
                        images = ids.Select(id => new
                        {
                            id,
                            file_name = $"{id}.png",
                            width = side,
                            height = side,
                        }),
                        categories = new[] { new { id = 1, name = "kite" } },
                        annotations = ids.Select(id => new
                        {
                            id = id + 1,
                            image_id = id,
                            category_id = 1,
                            iscrowd = 0,
                            area = 1024,
                            segmentation = new[] { new[] { 16, 16, 48, 16, 48, 48, 16, 48 } },
                        }),
                    }
                )
            );
        }
    }
}
