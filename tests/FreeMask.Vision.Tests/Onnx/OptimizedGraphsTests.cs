using FreeMask.Onnx;
using FreeMask.Tensors;
using Google.Protobuf;
using Xunit;

namespace FreeMask.Vision.Tests.Onnx;

public sealed class OptimizedGraphsTests : IDisposable
{
    // What this build lacks: the providers, or on a machine without a card their libraries.
#if CUDA
    private const string Cuda = "libcudart.so.", TensorRt = "libnvinfer.so.";
#else
    private const string Cuda = "-p:Accelerator=cuda", TensorRt = "-p:Accelerator=cuda";
#endif

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_graph_is_optimised_once_and_gives_the_same_numbers()
    {
        var model = Model(scale: 3);
        var plain = Run(model, null);
        Assert.Equal(plain, Run(model, _folder["graphs"]));
        var (graph, written) = Kept();
        Assert.Equal(plain, Run(model, _folder["graphs"]));
        Assert.Equal((graph, written), Kept());
    }

    [Fact]
    public void Another_model_of_the_same_name_has_a_graph_of_its_own()
    {
        Run(Model(scale: 3), _folder["graphs"]);
        var other = Model(scale: 5);
        Assert.Equal(Run(other, null), Run(other, _folder["graphs"]));
        Assert.Equal(2, Directory.GetFiles(_folder["graphs"], "*.onnx").Length);
    }

    [Fact]
    public void A_damaged_graph_is_made_again()
    {
        var model = Model(scale: 3);
        var plain = Run(model, _folder["graphs"]);
        File.WriteAllText(Kept().Path, "damaged");
        Assert.Equal(plain, Run(model, _folder["graphs"]));
        Assert.True(new FileInfo(Kept().Path).Length > 100);
    }

    [Fact]
    public void Limits_are_told_in_the_words_of_the_provider()
    {
        Assert.Equal("1048576", OnnxProviders.OptionsOf(new() { Provider = "cuda", ArenaMegabytes = 1 })["gpu_mem_limit"]);
        Assert.Equal("1048576", OnnxProviders.OptionsOf(new() { Provider = "TensorRT", ArenaMegabytes = 1 })["trt_max_workspace_size"]);
        Assert.Empty(OnnxProviders.OptionsOf(new() { ArenaMegabytes = 1 }));
        Assert.Empty(OnnxProviders.OptionsOf(new() { Provider = "cuda" }));
    }

    [Theory]
    [InlineData("cuda", Cuda)]
    [InlineData("tensorrt", TensorRt)]
    [InlineData("directml", "Microsoft.ML.OnnxRuntime.DirectML")]
    [InlineData("abacus", "known are cpu, cuda")]
    public void A_provider_that_is_not_there_is_named_with_the_remedy(string provider, string expected)
    {
        var refused = Assert.Throws<FreeMaskException>(() => OnnxSession.Load(Model(scale: 1), new() { Provider = provider }));
        Assert.Contains(provider, refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    private string Model(float scale)
    {
        var builder = new OnnxGraphBuilder();
        var x = builder.Input("x", OnnxGraphBuilder.Float, "n", 64);
        var weight = builder.Weight("w", [.. Enumerable.Range(0, 64 * 64).Select(i => scale * i)], 64, 64);
        builder.Output("y", builder.Op("Relu", [builder.Op("MatMul", [x, weight])]), OnnxGraphBuilder.Float, "n", 64);
        File.WriteAllBytes(_folder["model.onnx"], builder.Build().ToByteArray());
        return _folder["model.onnx"];
    }

    private (string Path, DateTime Written) Kept()
    {
        var graph = Assert.Single(Directory.GetFiles(_folder["graphs"], "*.onnx"));
        return (graph, File.GetLastWriteTimeUtc(graph));
    }

    private static float[] Run(string model, string? graphs)
    {
        using var session = OnnxSession.Load(model, new() { OptimizedGraphs = graphs });
        var x = new FloatTensor([.. Enumerable.Range(0, 64).Select(i => i / 64f)], 1, 64);
        return session.Run(new Dictionary<string, FloatTensor> { ["x"] = x }, "y")[0].Values;
    }
}
