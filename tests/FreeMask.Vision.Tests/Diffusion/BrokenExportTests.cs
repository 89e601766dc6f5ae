using FreeMask.Diffusion.Conformance;
using FreeMask.Diffusion.Inspection;
using FreeMask.Diffusion.Models;
using FreeMask.Onnx.Proto;
using Google.Protobuf;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion;

/// <summary>Exports of which a file is missing, cut off, or a pointer to something that was never fetched: one message that names the
/// file.</summary>
public sealed class BrokenExportTests : IDisposable
{
    private const string Pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize "
            + "1234567\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public BrokenExportTests()
    {
        var source = Path.Combine(Fixtures.RepositoryRoot, "tests", "FreeMask.Vision.Tests", "Diffusion", "Export");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(_folder.FullName, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Nothing_is_said_of_a_whole_one()
    {
        using var bundle = DiffusionBundle.Load(_folder.FullName);
        bundle.LoadUNet();
    }

    [Theory]
    [InlineData("unet/model.onnx")]
    [InlineData("unet/weights.pb")]
    [InlineData("text_encoder/model.onnx")]
    [InlineData("vae_decoder/model.onnx")]
    [InlineData("vae_encoder/model.onnx")]
    public void Pointers_in_place_of_files_are_recognized(string file)
    {
        File.WriteAllText(PathOf(file), Pointer);
        Assert.Contains("is a Git LFS pointer", Refusal(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unet/model.onnx")]
    [InlineData("unet/weights.pb")]
    [InlineData("text_encoder/model.onnx")]
    [InlineData("vae_decoder/model.onnx")]
    [InlineData("tokenizer/vocab.json")]
    [InlineData("scheduler/scheduler_config.json")]
    public void Missing_files_are_named(string file)
    {
        File.Delete(PathOf(file));
        Assert.Contains("does not exist", Refusal(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unet/model.onnx", 30_000)]
    [InlineData("unet/model.onnx", 0)]
    [InlineData("unet/weights.pb", 1_000)]
    [InlineData("unet/weights.pb", 0)]
    [InlineData("text_encoder/model.onnx", 30_000)]
    [InlineData("vae_decoder/model.onnx", 30_000)]
    [InlineData("vae_encoder/model.onnx", 30_000)]
    [InlineData("scheduler/scheduler_config.json", 20)]
    public void Files_that_were_cut_off_are_named(string file, int length)
    {
        using (var stream = File.OpenWrite(PathOf(file))) stream.SetLength(length);
        Refusal(file);
    }

    [Theory]
    [InlineData("text_encoder")]
    [InlineData("vae_decoder")]
    [InlineData("vae_encoder")]
    public void Weights_beside_any_part_are_looked_at_before_the_runtime(string part)
    {
        KeepOutside(PathOf($"{part}/model.onnx"), "weights.bin");
        var weights = $"{part}/weights.bin";
        using (var bundle = DiffusionBundle.Load(_folder.FullName)) bundle.LoadUNet();
        using (var stream = File.OpenWrite(PathOf(weights))) stream.SetLength(stream.Length - 1);
        Assert.Contains("cut off", Refusal(weights), StringComparison.Ordinal);
        File.WriteAllText(PathOf(weights), Pointer);
        Assert.Contains("is a Git LFS pointer", Refusal(weights), StringComparison.Ordinal);
        File.Delete(PathOf(weights));
        Assert.Contains("does not exist", Refusal(weights), StringComparison.Ordinal);
    }

    [Fact]
    public void Golden_data_that_lack_a_part_are_named()
    {
        var golden = Path.Combine(_folder.FullName, "golden");
        File.WriteAllText(Path.Combine(golden, "golden.json"), "{}");
        var message = Assert.Throws<FreeMaskException>(() => BundleConformance.Measure(_folder.FullName, golden)).Message;
        Assert.Contains(golden, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void A_size_that_no_image_has_is_refused(int pixels) =>
        Assert.Contains(
            "pixels",
            Assert.Throws<FreeMaskException>(() => BundleInspection.Inspect(_folder.FullName, pixels)).Message,
            StringComparison.Ordinal
        );

    /// <summary>Moves the larger weights of a model into a file beside it.</summary>
    private static void KeepOutside(string path, string name)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        using var weights = File.Create(Path.Combine(Path.GetDirectoryName(path)!, name));
        foreach (var tensor in model.Graph.Initializer.Where(t => t.RawData.Length > 64))
        {
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            foreach (
                var (key, value) in new[] { ("location", name), ("offset", $"{weights.Position}"), ("length", $"{tensor.RawData.Length}") }
            )
                tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
            tensor.RawData.WriteTo(weights);
            tensor.ClearRawData();
        }

        File.WriteAllBytes(path, model.ToByteArray());
    }

    private string Refusal(string file)
    {
        var message = Assert.Throws<FreeMaskException>(() => DiffusionBundle.Load(_folder.FullName).Dispose()).Message;
        Assert.Contains(PathOf(file), message, StringComparison.Ordinal);
        return message;
    }

    private string PathOf(string file) => Path.Combine(_folder.FullName, file.Replace('/', Path.DirectorySeparatorChar));
}
