using FreeMask.Files;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Tensors;
using FreeMask.Vision.Harmonization;
using Xunit;

namespace FreeMask.Vision.Tests.Harmonization;

/// <summary>Against values that PyTorch computed with the arithmetic of the public RainNet (the folder composition of the golden
/// data).</summary>
public sealed class RainNetGraphTests : IDisposable
{
    private const string Prefix = "rainnet.";

    private const int Side = 256;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_layer_gives_the_object_the_statistics_of_the_rest_and_stays_finite_without_an_object()
    {
        var golden = Golden.Tensors("composition", "golden.safetensors");
        var (x, mask) = (golden["rain.x"], golden["rain.mask"]);
        var graph = new OnnxGraphBuilder();
        object[] Shape(NamedTensor tensor) => [.. tensor.Shape.Select(side => (object)side)];
        var (input, region) = (
            graph.Input("x", OnnxGraphBuilder.Float, Shape(x)),
            graph.Input("mask", OnnxGraphBuilder.Float, Shape(mask))
        );
        graph.Output(
            "y",
            RainNetGraph.Rain(graph, golden, "rain.", input, region, mask.Shape[2] / x.Shape[2]),
            OnnxGraphBuilder.Float,
            Shape(x)
        );
        using var session = OnnxSession.FromBytes(graph.ToBytes(), "layer", new OnnxSessionOptions());
        var output = session.Run(
            new Dictionary<string, FloatTensor>
            {
                ["x"] = new(x.ToSingles(), [.. x.Shape]),
                ["mask"] = new(mask.ToSingles(), [.. mask.Shape]),
            },
            "y"
        )[0];
        Near(golden["rain.output"].ToSingles(), output.Values);
    }

    [Fact]
    public void The_network_gives_what_PyTorch_gives()
    {
        var golden = Golden.Tensors("composition", "golden.safetensors");
        using var session = OnnxSession.FromBytes(RainNetGraph.Write(Weights(golden)), "rainnet", new OnnxSessionOptions());
        var photo = Golden.Rgb(golden["rainnet.photo"]);
        var image = FloatTensor.Zeros(1, 3, Side, Side);
        PublicForms.Fill(photo, image.Values, 2, -1);
        var mask = golden["rainnet.mask"].Bytes.ToArray();
        var output = session.Run(
            new Dictionary<string, FloatTensor>
            {
                ["image"] = image,
                ["mask"] = new(Array.ConvertAll(mask, m => (float)m), 1, 1, Side, Side),
            },
            "harmonized"
        )[0];
        Near(golden["rainnet.raw_every_4"].ToSingles(), EveryFourth(output.Values));
        var sums = golden["rainnet.raw_sum"].ToSingles();
        for (var c = 0; c < 3; c++)
        {
            var sum = output.Values.Skip(c * mask.Length).Take(mask.Length).Sum(v => (double)v);
            Assert.Equal(sums[c], sum, 2e-5 * mask.Length);
        }
    }

    [Fact]
    public void A_folder_of_public_weights_harmonizes_as_the_blended_image_says()
    {
        var golden = Golden.Tensors("composition", "golden.safetensors");
        Weights(golden).Save(_folder[ModelFileNames.Weights]);
        using var model = HarmonizerModel.Load(_folder.Path);
        Assert.Equal("rainnet", model.Form);
        var (photo, mask) = (Golden.Rgb(golden["rainnet.photo"]), Golden.Labels(golden["rainnet.mask"]));
        var pasted = new LabelMap(mask.Width, mask.Height, Array.ConvertAll(mask.Labels, m => m != 0 ? byte.MaxValue : (byte)0));
        var result = model.Harmonize([new HarmonizerTask(photo, pasted, null)])[0].Image;
        var expected = golden["rainnet.blended_every_4"].ToSingles();
        const int Small = Side / 4;
        for (var c = 0; c < 3; c++)
            for (var y = 0; y < Small; y++)
                for (var x = 0; x < Small; x++)
                    Assert.Equal((expected[(((c * Small) + y) * Small) + x] + 1) * 127.5, result[4 * x, 4 * y][c], 0.51);
    }

    [Fact]
    public void Weights_of_another_model_are_refused()
    {
        new SafetensorsFile([NamedTensor.FromSingles("other.weight", [1], [1f])]).Save(_folder[ModelFileNames.Weights]);
        var error = Assert.Throws<FreeMaskException>(() => HarmonizerModel.Load(_folder.Path));
        Assert.Contains("holds no RainNet", error.Message, StringComparison.Ordinal);
    }

    private static SafetensorsFile Weights(SafetensorsFile golden) =>
        new(
            golden
                .Tensors.Where(tensor => tensor.Name.StartsWith(Prefix, StringComparison.Ordinal) && tensor.DataType == "F32")
                .Select(tensor => tensor with { Name = tensor.Name[Prefix.Length..] })
        );

    private static float[] EveryFourth(float[] planes)
    {
        const int Small = Side / 4;
        var result = new float[3 * Small * Small];
        for (var i = 0; i < result.Length; i++)
            result[i] = planes[(i / (Small * Small) * Side * Side) + (i / Small % Small * 4 * Side) + (i % Small * 4)];
        return result;
    }

    private static void Near(float[] expected, float[] actual) =>
        Golden.Near(expected, actual, 2e-5 * Math.Max(1, expected.Max(MathF.Abs)));
}
