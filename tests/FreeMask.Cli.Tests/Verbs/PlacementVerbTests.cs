using System.Text.Json;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Imaging;
using FreeMask.Randomness;
using Xunit;

namespace FreeMask.Cli.Tests.Verbs;

/// <summary><c>eval placement</c> and <c>train placement</c>; the form of their documents is checked by
/// <see cref="TestProcess"/>.</summary>
public sealed class PlacementVerbTests : IDisposable
{
    private readonly TestProcess _process = new();

    public void Dispose() => _process.Dispose();

    [Fact]
    public async Task A_placement_model_is_trained_and_measured_on_images_that_it_did_not_learn_from()
    {
        var (images, model) = (_process.Folder.Path("scenes"), _process.Folder.Path("made"));
        WriteImages(images);
        string[] sizes = ["--steps", "2", "--batch", "2", "--size", "32", "--width", "2", "--init", "none"];
        string[] train = ["train", "placement", "--dataset", images, "--out", model, .. sizes, "--json"];
        Assert.True(await _process.RunAsync(train) == 0, _process.Error);
        var config = JsonDocument.Parse(_process.Out).RootElement.GetProperty("config");
        Assert.Equal(2, config.GetProperty("steps").GetInt32());
        Assert.Equal("none", config.GetProperty("init").GetString());
        var learned = config.GetProperty("images").GetInt32();
        Assert.Equal(learned, File.ReadAllLines(Path.Combine(model, "images.txt")).Length);
        Assert.False(File.Exists(Path.Combine(model, "checkpoint.safetensors")));
        _process.Clear();

        Assert.Equal(2, await _process.RunAsync(train));
        Assert.Contains("holds a model already", _process.Error, StringComparison.Ordinal);
        _process.Clear();

        string[] eval = ["eval", "placement", "--dataset", images, "--model", model];
        Assert.True(await _process.RunAsync([.. eval, "--json"]) == 0, _process.Error);
        var document = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(40 - learned, document.GetProperty("images").GetInt32());
        var methods = document.GetProperty("methods").EnumerateArray().ToList();
        Assert.Equal(
            ["random", "rules", "model"],
            methods.Where(m => m.GetProperty("against").ValueKind == JsonValueKind.Null).Select(m => m.GetProperty("method").GetString())
        );
        Assert.All(methods, m => Assert.InRange(m.GetProperty("objects").GetInt32(), 1, 40 - learned));
        _process.Clear();

        Assert.True(await _process.RunAsync(eval) == 0, _process.Error);
        Assert.Contains("another place on the same row", _process.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_do_not_fit_and_absent_weights_are_said()
    {
        var images = _process.Folder.Path("scenes");
        WriteImages(images);
        string[] train = ["train", "placement", "--dataset", images, "--out", _process.Folder.Path("made")];
        Assert.Equal(2, await _process.RunAsync([.. train, "--init", _process.Folder.Path("nothing")]));
        Assert.Contains("models pull imagenet-resnet18", _process.Error, StringComparison.Ordinal);
        _process.Clear();
        Assert.Equal(2, await _process.RunAsync([.. train, "--init", "none", "--size", "40"]));
        Assert.Contains("multiple of 32", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_or_rendered_scenes_are_named_and_not_both()
    {
        var images = _process.Folder.Path("scenes");
        WriteImages(images);
        string[] output = ["--out", _process.Folder.Path("made"), "--init", "none"];
        foreach (var verb in new[] { "train", "eval" })
        {
            string[] command = [verb, "placement", .. verb == "train" ? output : []];
            foreach (var source in new[] { Array.Empty<string>(), ["--dataset", images, "--scenes", "100"] })
            {
                Assert.Equal(2, await _process.RunAsync([.. command, .. source]));
                Assert.Contains("rendered scenes with --scenes", _process.Error, StringComparison.Ordinal);
                _process.Clear();
            }

            Assert.Equal(2, await _process.RunAsync([.. command, "--dataset", images, "--art", "art"]));
            Assert.Contains("--art is for --scenes", _process.Error, StringComparison.Ordinal);
            _process.Clear();
            Assert.Equal(2, await _process.RunAsync([.. command, "--scenes", "100", "--art", _process.Folder.Path("nowhere")]));
            Assert.Contains("infra/art/fetch.sh", _process.Error, StringComparison.Ordinal);
            _process.Clear();
        }

        Assert.Equal(2, await _process.RunAsync(["eval", "placement", "--dataset", images, "--patches"]));
        Assert.Contains("--patches is for --scenes", _process.Error, StringComparison.Ordinal);
    }

    /// <summary>Objects of several sizes that stand on a darker ground, their lower edges with their sizes.</summary>
    private static void WriteImages(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "images"));
        Directory.CreateDirectory(Path.Combine(folder, "masks"));
        for (var n = 0; n < 40; n++)
        {
            var random = new CounterRandom((ulong)n, "image");
            var side = 10 + (n % 6);
            var (left, top) = (8 + (n % 20), 26 + (n % 6));
            var (image, mask) = (new RgbImage(64, 64), new RgbImage(64, 64));
            for (var i = 0; i < 64 * 64; i++)
            {
                var (x, y) = ((i % 64) - left, (i / 64) - top);
                var inside = x >= 0 && x < side && y >= 0 && y < side;
                for (var c = 0; c < 3; c++)
                {
                    image.Pixels[(3 * i) + c] = (byte)((inside ? 200 : i / 64 < 30 ? 150 : 60) + (8 * c) + random.NextInt(20));
                    mask.Pixels[(3 * i) + c] = inside ? (byte)255 : (byte)0;
                }
            }

            File.WriteAllBytes(Path.Combine(folder, "images", $"{n:00}.png"), ImageCodec.EncodePng(image));
            File.WriteAllBytes(Path.Combine(folder, "masks", $"{n:00}.png"), ImageCodec.EncodePng(mask));
        }
    }
}
