using FreeMask.Hosting.Devices;
using FreeMask.Pipeline;
using FreeMask.Silo.Tests.Fakes;
using Microsoft.Extensions.Options;
using Xunit;

namespace FreeMask.Silo.Tests.Pipeline;

public sealed class BundleHashTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_results_depend_on_counts_and_what_people_read_does_not()
    {
        var folder = Write(
            "a",
            ("model_index.json", "{}"),
            ("unet/model.onnx", "weights"),
            ("tokenizer/vocab.txt", "words"),
            ("README.md", "text"),
            ("heldout/JPEGImages/1.jpg", "picture")
        );
        var hash = BundleHash.Of(folder);
        Assert.Equal(
            hash,
            BundleHash.Of(Write("b", ("model_index.json", "{}"), ("unet/model.onnx", "weights"), ("tokenizer/vocab.txt", "words")))
        );
        Assert.NotEqual(
            hash,
            BundleHash.Of(Write("c", ("model_index.json", "{}"), ("unet/model.onnx", "other weights"), ("tokenizer/vocab.txt", "words")))
        );
        Assert.NotEqual(
            hash,
            BundleHash.Of(Write("d", ("model_index.json", "{}"), ("unet/model.onnx", "weights"), ("tokenizer/vocab.txt", "other words")))
        );
        Assert.NotEqual(
            hash,
            BundleHash.Of(Write("e", ("model_index.json", "{}"), ("unet2/model.onnx", "weights"), ("tokenizer/vocab.txt", "words")))
        );
    }

    [Fact]
    public async Task A_bundle_that_is_not_there_is_named_and_one_that_comes_is_found()
    {
        var devices = Options.Create(new DeviceOptions());
        var environment = new PipelineEnvironment(new BundleFolders(_folder.Path), devices, TimeProvider.System);
        var missing = await Assert.ThrowsAsync<FreeMaskException>(() =>
            environment.HashBundleAsync("a", TestContext.Current.CancellationToken)
        );
        Assert.Contains("'a'", missing.Message, StringComparison.Ordinal);
        var folder = Write("a", ("model_index.json", "{}"), ("unet/model.onnx", "weights"));
        Assert.Equal(BundleHash.Of(folder), await environment.HashBundleAsync("a", TestContext.Current.CancellationToken));
    }

    private string Write(string name, params (string File, string Text)[] files)
    {
        var folder = Path.Combine(_folder.Path, name);
        foreach (var (file, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            File.WriteAllText(Path.Combine(folder, file), text);
        }

        return folder;
    }
}
