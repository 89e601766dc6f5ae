using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Files;
using FreeMask.Onnx;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion;

/// <summary>An export as the cache of Hugging Face's tools holds it: a snapshot of links into a folder of blobs that are named by their
/// hashes.</summary>
public sealed class LinkedExportTests : IDisposable
{
    private static readonly string Export = Path.Combine(Fixtures.RepositoryRoot, "tests", "FreeMask.Vision.Tests", "Diffusion", "Export");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_draws_what_the_plain_export_draws()
    {
        var snapshot = Cache();
        var expected = Draw(Export);
        Assert.Equal(expected, Draw(snapshot));
        // The name by which people reach it may be a link itself, from where the links' way up leads nowhere.
        Directory.CreateDirectory(_folder["models"]);
        Directory.CreateSymbolicLink(_folder["models", "mine"], snapshot);
        Assert.Equal(expected, Draw(_folder["models", "mine"]));
    }

    [Fact]
    public void Optimised_graphs_of_it_are_kept_too()
    {
        var session = new OnnxSessionOptions { Threads = 1, OptimizedGraphs = _folder["graphs"] };
        var (first, second) = (Draw(Cache(), session), Draw(Path.Combine(_folder["snapshots", "abc"]), session));
        Assert.Equal(first, second);
    }

    [Fact]
    public void Weights_alone_may_be_linked_from_anywhere()
    {
        Copy(Export, _folder["plain"]);
        Directory.CreateDirectory(_folder["elsewhere"]);
        File.Move(_folder["plain", "unet", "weights.pb"], _folder["elsewhere", "big"]);
        File.CreateSymbolicLink(_folder["plain", "unet", "weights.pb"], _folder["elsewhere", "big"]);
        Assert.Equal(Draw(Export), Draw(_folder["plain"]));
        using var session = OnnxSession.Load(_folder["plain", "unet", "model.onnx"], new() { Threads = 1 });
        Assert.NotEmpty(session.Inputs);
    }

    [Fact]
    public void A_cut_blob_and_a_link_to_nothing_are_named()
    {
        var snapshot = Cache();
        var weights = Path.Combine(snapshot, "unet", "weights.pb");
        using (var stream = File.OpenWrite(RealPath.Of(weights))) stream.SetLength(1000);
        Assert.Contains(
            "1000 bytes",
            Assert.Throws<FreeMaskException>(() => DiffusionBundle.Load(snapshot)).Message,
            StringComparison.Ordinal
        );
        File.Delete(RealPath.Of(weights));
        Assert.Contains(
            "weights.pb does not exist",
            Assert.Throws<FreeMaskException>(() => DiffusionBundle.Load(snapshot)).Message,
            StringComparison.Ordinal
        );
        File.CreateSymbolicLink(_folder["a"], _folder["b"]);
        File.CreateSymbolicLink(_folder["b"], _folder["a"]);
        Assert.Contains("circle", Assert.Throws<FreeMaskException>(() => RealPath.Of(_folder["a"])).Message, StringComparison.Ordinal);
    }

    private static byte[] Draw(string folder, OnnxSessionOptions? session = null)
    {
        using var bundle = DiffusionBundle.Load(folder, new() { BatchSize = 1, Session = session ?? new() { Threads = 1 } });
        var request = new GenerationRequest
        {
            Prompt = "a dog",
            Classes = ["dog"],
            Noise = new(1, 0, 0),
            Steps = 1,
            Width = 128,
            Height = 128,
            Scheduler = new() { Kind = SchedulerKind.Ddim },
        };
        return new DiffusionPipeline(bundle).Generate([request], cancellation: TestContext.Current.CancellationToken)[0].Image.Pixels;
    }

    private string Cache()
    {
        var snapshot = _folder["snapshots", "abc"];
        Directory.CreateDirectory(_folder["blobs"]);
        foreach (var (number, file) in Directory.EnumerateFiles(Export, "*", SearchOption.AllDirectories).Index())
        {
            var path = Path.GetRelativePath(Export, file);
            var link = Path.Combine(snapshot, path);
            Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            File.Copy(file, _folder["blobs", $"{number:x8}"]);
            File.CreateSymbolicLink(
                link,
                Path.Combine(Path.GetRelativePath(Path.GetDirectoryName(link)!, _folder["blobs"]), $"{number:x8}")
            );
        }

        return snapshot;
    }

    private static void Copy(string source, string target)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
