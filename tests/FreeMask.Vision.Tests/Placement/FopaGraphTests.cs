using FreeMask.Files;
using FreeMask.Onnx;
using FreeMask.Tensors;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Vision.Tests.Placement;

/// <summary>Against values that PyTorch computed with the arithmetic of the public FOPA (the folder composition of the golden
/// data).</summary>
public sealed class FopaGraphTests : IDisposable
{
    private const string Prefix = "fopa.";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_convolution_with_kernels_of_the_object_is_that_of_the_reference()
    {
        var golden = Golden.Tensors("composition", "golden.safetensors");
        var (x, y) = (golden["dynamic.x"], golden["dynamic.y"]);
        var graph = new OnnxGraphBuilder();
        object[] Shape(NamedTensor tensor) => ["n", .. tensor.Shape.Skip(1).Select(side => (object)side)];
        (int, int) Size(NamedTensor tensor) => ((int)tensor.Shape[2], (int)tensor.Shape[3]);
        var result = FopaGraph.DynamicDepthwise(
            graph,
            golden,
            "dynamic.",
            graph.Input("x", OnnxGraphBuilder.Float, Shape(x)),
            Size(x),
            graph.Input("y", OnnxGraphBuilder.Float, Shape(y)),
            Size(y)
        );
        graph.Output("z", result, OnnxGraphBuilder.Float, Shape(golden["dynamic.output"]));
        using var session = OnnxSession.FromBytes(graph.ToBytes(), "layer", new OnnxSessionOptions());
        var output = session.Run(new Dictionary<string, FloatTensor> { ["x"] = Tensor(x), ["y"] = Tensor(y) }, "z")[0];
        Near(golden["dynamic.output"].ToSingles(), output.Values);
    }

    [Fact]
    public void Logits_scores_and_features_are_those_of_the_reference()
    {
        var golden = Golden.Tensors("composition", "golden.safetensors");
        var (background, foreground, mask) = (golden["fopa.background"], golden["fopa.foreground"], golden["fopa.mask"]);
        var (count, height, width) = ((int)background.Shape[0], (int)background.Shape[2], (int)background.Shape[3]);
        using var session = OnnxSession.FromBytes(FopaGraph.Write(Weights(golden), height, width), "fopa", new OnnxSessionOptions());
        var (logits, scores, features) = (new List<float>(), new List<float>(), new List<float>());
        for (var i = 0; i < count; i++)
        {
            var outputs = session.Run(
                new Dictionary<string, FloatTensor>
                {
                    [FopaGraph.Background] = Row(background, i),
                    [FopaGraph.Foreground] = Row(foreground, i),
                    [FopaGraph.Mask] = Row(mask, i),
                },
                FopaGraph.Logits,
                FopaGraph.Features
            );
            logits.AddRange(outputs[0].Values);
            var area = height * width;
            scores.AddRange(
                Enumerable.Range(0, area).Select(k => 1 / (1 + MathF.Exp(outputs[0].Values[k] - outputs[0].Values[area + k]))));
            for (var k = 0; k < outputs[1].Values.Length; k++)
                if (k / width % height % 4 == 0 && k % width % 4 == 0) features.Add(outputs[1].Values[k]);
        }

        Near(golden["fopa.logits"].ToSingles(), [.. logits]);
        Near(golden["fopa.score"].ToSingles(), [.. scores]);
        Near(golden["fopa.fused_every_4"].ToSingles(), [.. features]);
    }

    [Fact]
    public void One_background_serves_a_batch_of_objects()
    {
        var golden = Golden.Tensors("composition", "golden.safetensors");
        var (background, foreground, mask) = (golden["fopa.background"], golden["fopa.foreground"], golden["fopa.mask"]);
        var (height, width) = ((int)background.Shape[2], (int)background.Shape[3]);
        using var session = OnnxSession.FromBytes(FopaGraph.Write(Weights(golden), height, width), "fopa", new OnnxSessionOptions());
        float[] Run(FloatTensor objects, FloatTensor masks) =>
            session.Run(
                new Dictionary<string, FloatTensor>
                {
                    [FopaGraph.Background] = Row(background, 0),
                    [FopaGraph.Foreground] = objects,
                    [FopaGraph.Mask] = masks,
                },
                FopaGraph.Logits
            )[0].Values;
        float[] alone = [.. Run(Row(foreground, 0), Row(mask, 0)), .. Run(Row(foreground, 1), Row(mask, 1))];
        Near(alone, Run(Tensor(foreground), Tensor(mask)));
    }

    [Fact]
    public void A_folder_of_public_weights_is_a_model_of_256_pixels()
    {
        Weights(Golden.Tensors("composition", "golden.safetensors")).Save(_folder[ModelFileNames.Weights]);
        using var model = PlacementModel.Load(_folder.Path);
        model.Probe();
        Assert.Equal(PlacementModel.HashOf(_folder.Path), model.Hash);
    }

    [Fact]
    public void Weights_of_another_model_are_refused()
    {
        new SafetensorsFile([NamedTensor.FromSingles("other.weight", [1], [1f])]).Save(_folder[ModelFileNames.Weights]);
        var error = Assert.Throws<FreeMaskException>(() => PlacementModel.Load(_folder.Path));
        Assert.Contains("holds no FOPA", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, new[] { 1f, 0, 0, 0, 1, 0, 0, 0, 1 })]
    [InlineData(4, new[] { 0.5f, 0.5f, 0, 0, 0, 0.5f, 0.5f, 0, 0, 0, 0.5f, 0.5f })]
    [InlineData(2, new[] { 1f, 0, 0.5f, 0.5f, 0, 1 })]
    public void Three_parts_of_a_side_overlap_where_it_is_no_multiple_of_three(int length, float[] expected) =>
        Assert.Equal(expected, FopaGraph.Means(length));

    private static SafetensorsFile Weights(SafetensorsFile golden) =>
        new(
            golden
                .Tensors.Where(tensor => tensor.Name.StartsWith(Prefix, StringComparison.Ordinal) && tensor.DataType == "F32")
                .Select(tensor => tensor with { Name = tensor.Name[Prefix.Length..] })
        );

    private static FloatTensor Tensor(NamedTensor tensor) => new(tensor.ToSingles(), [.. tensor.Shape]);

    private static FloatTensor Row(NamedTensor tensor, int row)
    {
        var length = (int)(tensor.ToSingles().Length / tensor.Shape[0]);
        return new(tensor.ToSingles()[(row * length)..((row + 1) * length)], [1, .. tensor.Shape.Skip(1)]);
    }

    private static void Near(float[] expected, float[] actual) =>
        Golden.Near(expected, actual, 2e-5 * Math.Max(1, expected.Max(MathF.Abs)));
}
