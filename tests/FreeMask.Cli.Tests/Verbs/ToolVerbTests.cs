using System.Text.Json;
using FreeMask.Cli.Tests.Terminal;
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
        await File.WriteAllLinesAsync(_process.Folder.Path("captions.txt"), Enumerable.Repeat("a dog runs on the grass", 50), TestContext.Current.CancellationToken);
        var file = _process.Folder.Path("made", "thesaurus.json");

        Assert.Equal(0, await _process.RunAsync(["thesaurus", "build", _process.Folder.Path("captions.txt"), "--out", file]));
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(["thesaurus", "query", "grass", "--thesaurus", file, "--json"]));
        Assert.Equal("dog", JsonDocument.Parse(_process.Out).RootElement.GetProperty("classes")[0].GetProperty("class").GetString());
    }

    [Fact]
    public async Task The_doctor_finds_what_is_missing_and_says_what_to_do()
    {
        Assert.Equal(1, await _process.RunAsync("doctor --json"));

        var checks = JsonDocument.Parse(_process.Out).RootElement.GetProperty("checks").EnumerateArray().ToDictionary(check => check.GetProperty("name").GetString()!);
        Assert.Equal("failed", checks["model bundles"].GetProperty("verdict").GetString());
        Assert.Contains("FREEMASK_MODELS", checks["model bundles"].GetProperty("remedy").GetString(), StringComparison.Ordinal);
        foreach (var name in new[] { "ONNX Runtime", "TorchSharp", "picture codec", "data folder" })
            Assert.Equal("ok", checks[name].GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task Models_that_are_not_there_are_bad_input_with_the_names_of_those_that_are()
    {
        Directory.CreateDirectory(_process.Folder.Path("models", "mini"));
        await File.WriteAllTextAsync(_process.Folder.Path("models", "mini", "model_index.json"), "{}", TestContext.Current.CancellationToken);

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
    }

    [Fact]
    public async Task Training_without_art_is_bad_input()
    {
        Assert.Equal(2, await _process.RunAsync(["train", "mini-diffusion", "--art", _process.Folder.Path("nowhere")]));
        Assert.Contains("nowhere", _process.Error, StringComparison.Ordinal);
    }
}
