using System.Text.Json;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Imaging;
using FreeMask.Randomness;
using Xunit;

namespace FreeMask.Cli.Tests.Verbs;

/// <summary><c>eval harmonization</c> and <c>train harmonizer</c>; the form of their documents is checked by
/// <see cref="TestProcess"/>.</summary>
public sealed class HarmonizationVerbTests : IDisposable
{
    private readonly TestProcess _process = new();

    public void Dispose() => _process.Dispose();

    [Fact]
    public async Task A_harmonizer_is_trained_and_measured_beside_the_baselines()
    {
        var (images, model) = (_process.Folder.Path("scenes"), _process.Folder.Path("made"));
        WriteImages(images);
        string[] sizes = ["--steps", "2", "--batch", "2", "--validation-pairs", "20"];
        string[] train = ["train", "harmonizer", "--dataset", images, "--out", model, .. sizes, "--json"];
        Assert.True(await _process.RunAsync(train) == 0, _process.Error);
        var config = JsonDocument.Parse(_process.Out).RootElement.GetProperty("config");
        Assert.Equal(2, config.GetProperty("steps").GetInt32());
        Assert.False(File.Exists(Path.Combine(model, "checkpoint.safetensors")));
        _process.Clear();

        Assert.Equal(2, await _process.RunAsync(train));
        Assert.Contains("holds a model already", _process.Error, StringComparison.Ordinal);
        _process.Clear();

        string[] eval = ["eval", "harmonization", "--dataset", images, "--model", model, "--pairs", "6"];
        Assert.True(await _process.RunAsync([.. eval, "--json"]) == 0, _process.Error);
        var document = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal("statistics", document.GetProperty("model").GetProperty("form").GetString());
        Assert.Equal(
            ["composite", "mean-shift", "mean-shift-30", "reinhard", "rule", "oracle", "model"],
            document.GetProperty("methods").EnumerateArray().Take(7).Select(method => method.GetProperty("method").GetString())
        );
        Assert.Equal(4 * 7, document.GetProperty("methods").GetArrayLength());
        _process.Clear();

        Assert.True(await _process.RunAsync(eval) == 0, _process.Error);
        Assert.Contains("mean-shift-30", _process.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_RainNet_is_trained_and_measured_too()
    {
        var (images, model) = (_process.Folder.Path("scenes"), _process.Folder.Path("made"));
        WriteImages(images);
        string[] train = ["train", "harmonizer", "--dataset", images, "--out", model, "--steps", "1", "--batch", "2"];
        train = [.. train, "--validation-pairs", "10"];
        Assert.Equal(2, await _process.RunAsync([.. train, "--form", "unet"]));
        Assert.Contains("--form is unet; it must be statistics or rainnet.", _process.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(model));
        _process.Clear();

        Assert.True(await _process.RunAsync([.. train, "--form", "rainnet"]) == 0, _process.Error);
        Assert.DoesNotContain("gate", _process.Out, StringComparison.Ordinal);
        _process.Clear();

        string[] eval = ["eval", "harmonization", "--dataset", images, "--model", model, "--pairs", "3", "--json"];
        Assert.True(await _process.RunAsync(eval) == 0, _process.Error);
        var measured = JsonDocument.Parse(_process.Out).RootElement.GetProperty("model");
        Assert.Equal("rainnet", measured.GetProperty("form").GetString());
    }

    [Fact]
    public async Task Pairs_of_files_are_measured_all()
    {
        var folder = _process.Folder.Path("pairs");
        Directory.CreateDirectory(folder);
        foreach (var (name, level) in new[] { ("a.png", 140), ("a-gt.png", 120), ("a-mask.png", 255) })
        {
            var image = new RgbImage(32, 32);
            for (var i = 0; i < 32 * 32; i++)
                image.Pixels.AsSpan(3 * i, 3).Fill(i % 32 < 16 ? (byte)(name == "a-mask.png" ? 0 : 60) : (byte)level);
            File.WriteAllBytes(Path.Combine(folder, name), ImageCodec.EncodePng(image));
        }

        Assert.True(await _process.RunAsync(["eval", "harmonization", "--dataset", folder, "--json"]) == 0, _process.Error);
        var document = JsonDocument.Parse(_process.Out).RootElement;
        Assert.Equal(200, document.GetProperty("methods")[0].GetProperty("mse").GetProperty("mean").GetDouble(), 4.0);
        Assert.Equal(JsonValueKind.Null, document.GetProperty("sharpness").ValueKind);
        _process.Clear();

        Assert.Equal(2, await _process.RunAsync(["eval", "harmonization", "--dataset", folder, "--pairs", "5"]));
        Assert.Contains("measured all", _process.Error, StringComparison.Ordinal);
    }

    private static void WriteImages(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "images"));
        Directory.CreateDirectory(Path.Combine(folder, "masks"));
        for (var n = 0; n < 24; n++)
        {
            var random = new CounterRandom((ulong)n, "image");
            var (image, mask) = (new RgbImage(48, 48), new RgbImage(48, 48));
            for (var i = 0; i < 48 * 48; i++)
            {
                var inside = i % 48 is > 10 and < 30 && i / 48 is > 12 and < 32;
                for (var c = 0; c < 3; c++)
                {
                    image.Pixels[(3 * i) + c] = (byte)((inside ? 90 + (3 * n) : 150) + (8 * c) + random.NextInt(30));
                    mask.Pixels[(3 * i) + c] = inside ? (byte)255 : (byte)0;
                }
            }

            File.WriteAllBytes(Path.Combine(folder, "images", $"{n:00}.png"), ImageCodec.EncodePng(image));
            File.WriteAllBytes(Path.Combine(folder, "masks", $"{n:00}.png"), ImageCodec.EncodePng(mask));
        }
    }
}
