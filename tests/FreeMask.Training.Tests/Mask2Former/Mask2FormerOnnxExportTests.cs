using FreeMask.Training.Mask2Former;
using FreeMask.Training.Torch;
using FreeMask.Vision;
using FreeMask.Vision.Imaging;
using FreeMask.Vision.Randomness;
using FreeMask.Vision.Segmentation;
using FreeMask.Vision.Tensors;
using FreeMask.Vision.Tests;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mask2Former;

public sealed class Mask2FormerOnnxExportTests
{
    private const double Tolerance = 1e-4;

    [Theory]
    [InlineData(64, 64)]
    [InlineData(96, 64)]
    [InlineData(75, 50)]
    public void The_exported_model_gives_the_scores_of_the_model(int width, int height)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        AssertSame(Random(Tiny), Pixels(2, width, height));
    }

    [Fact]
    public void Projections_between_features_and_queries_are_exported()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        AssertSame(Random(Tiny with { HiddenSize = 64, MaskFeatureSize = 16 }), Pixels(1, 64, 32));
    }

    [Fact]
    public void Bottlenecks_are_exported()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        AssertSame(Random(Tiny with { Backbone = new(8, [16, 16, 32, 32], [1, 2, 1, 1], ResNetLayerType.Bottleneck) }), Pixels(1, 64, 64));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void A_trained_model_keeps_its_scores(string scene)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var golden = SafetensorsFile.Load(Fixtures.Path("mask2former", "resnet", "golden.safetensors"));
        var model = Mask2FormerModel.Load(Fixtures.Path("mask2former", "resnet"));
        model.eval();
        var scores = AssertSame(model, Golden.Input(golden, scene));
        if (scene == "a") Assert.Equal(golden["a.post.direct.0"].ToInt64s(), scores[0].argmax(0).data<long>().ToArray());
    }

    [Fact]
    public void The_segmenter_labels_as_the_model_does()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var model = Random(Tiny);
        var random = new CounterRandom(3, "pictures");
        RgbImage[] images = [Picture(random), Picture(random), Picture(random)];
        using var segmenter = new OnnxSegmenter(Mask2FormerOnnxExport.Export(model, 64, 64), Mask2FormerOnnxExport.MakeCard(model.Config, 64, 64));
        var maps = segmenter.Segment(images, TestContext.Current.CancellationToken);
        for (var i = 0; i < images.Length; i++)
        {
            var expected = model.forward(Normalized(images[i])).SemanticScores(64, 64)[0].argmax(0).data<long>().ToArray();
            Assert.Equal(expected, maps[i].Labels.Labels.Select(label => (long)label));
            Assert.Equal(maps[i].Confidence.Values, segmenter.Segment(images[i]).Confidence.Values);
        }
    }

    [Fact]
    public void Too_small_a_size_is_refused() =>
        Assert.Contains("31x64", Assert.Throws<FreeMaskException>(() => Mask2FormerOnnxExport.Export(Random(Tiny), 31, 64)).Message, StringComparison.Ordinal);

    private static Mask2FormerConfig Tiny { get; } = Mask2FormerConfig.Small(["background", "cat", "dog", "person"]) with
    {
        Backbone = new ResNetConfig(8, [8, 16, 24, 32], [1, 1, 2, 1]),
        FeatureSize = 32,
        MaskFeatureSize = 32,
        HiddenSize = 32,
        Queries = 6,
    };

    /// <summary>Random weights, norms and statistics included, large enough that classes and masks differ.</summary>
    private static Mask2FormerModel Random(Mask2FormerConfig config)
    {
        using var quiet = no_grad();
        var model = new Mask2FormerModel(config, seed: 7);
        var random = new CounterRandom(11, "weights");
        foreach (var (name, value) in model.state_dict())
        {
            if (value.dtype != ScalarType.Float32) continue;
            var matrix = value.dim() > 1;
            var scale = matrix ? Math.Sqrt(1.0 / (value.numel() / value.shape[0])) : 0.2;
            var centre = !matrix && (name.EndsWith("norm.weight", StringComparison.Ordinal) || name.EndsWith(".1.weight", StringComparison.Ordinal)
                || name.EndsWith("normalization.weight", StringComparison.Ordinal) || name.EndsWith("running_var", StringComparison.Ordinal)) ? 1 : 0;
            var numbers = new float[value.numel()];
            for (var i = 0; i < numbers.Length; i++) numbers[i] = (float)(centre + (scale * Math.Clamp(random.NextGaussian(), -3, 3)));
            value.copy_(tensor(numbers, value.shape));
        }

        model.eval();
        return model;
    }

    private static Tensor Pixels(int count, int width, int height)
    {
        var random = new CounterRandom(5, "pixels");
        var values = new float[count * 3 * height * width];
        for (var i = 0; i < values.Length; i++) values[i] = (float)random.NextGaussian();
        return tensor(values, [count, 3, height, width]);
    }

    private static RgbImage Picture(CounterRandom random)
    {
        var image = new RgbImage(64, 64);
        for (var i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)random.NextDouble(0, 256);
        return image;
    }

    private static Tensor Normalized(RgbImage image)
    {
        var norm = ImageNormalization.ImageNet;
        var area = image.Width * image.Height;
        var values = new float[3 * area];
        for (var i = 0; i < values.Length; i++) values[i] = norm.Apply(image.Pixels[(3 * (i % area)) + (i / area)], i / area);
        return tensor(values, [1, 3, image.Height, image.Width]);
    }

    private static Tensor AssertSame(Mask2FormerModel model, Tensor pixels)
    {
        var (height, width) = (pixels.shape[2], pixels.shape[3]);
        var expected = model.forward(pixels).SemanticScores(height, width);
        using var session = new InferenceSession(Mask2FormerOnnxExport.Export(model, (int)width, (int)height));
        var actual = tensor(Run(session, pixels, "logits"), expected.shape);
        Assert.True(expected.isfinite().all().item<bool>());
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, Tolerance);

        // Where two classes tie within the tolerance, either label is right.
        var best = expected.topk(2, dim: 1).values;
        var clear = best.select(1, 0) - best.select(1, 1) > Held.Of(2 * Tolerance);
        Assert.False(expected.argmax(1).not_equal(actual.argmax(1)).logical_and(clear).any().item<bool>());
        return actual;
    }

    private static float[] Run(InferenceSession session, Tensor pixels, string output)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(pixels.contiguous().data<float>().ToArray(), pixels.shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["pixel_values"], [input], [output]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
