using FreeMask.Vision;
using FreeMask.Vision.Onnx;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Writes a Mask2Former as an ONNX model of one input size, from pixels to semantic scores, so that any ONNX runtime can judge with it.
/// The batch is free; batch normalisations are folded into their convolutions; positions become constants.
/// </summary>
public static class Mask2FormerOnnxExport
{
    private const string InputName = "pixel_values", OutputName = "logits";

    // 18 is the first opset whose Resize takes the sizes of some axes only, which keeps the batch free.
    private const int Opset = 18;

    /// <summary>
    /// Writes the model. Input <c>pixel_values</c> [batch, 3, height, width]: (RGB / 255 - mean) / deviation with ImageNet's figures. Output <c>logits</c>
    /// [batch, classes, height, width]: what <see cref="Mask2FormerOutputs.SemanticScores"/> gives at the input's size.
    /// </summary>
    /// <param name="model">The model; it is only read, and counts as in evaluation mode.</param>
    /// <param name="width">Width of the pictures in pixels, at least 32.</param>
    /// <param name="height">Height of the pictures in pixels, at least 32.</param>
    /// <returns>The bytes of a <c>model.onnx</c>.</returns>
    /// <exception cref="FreeMaskException">A side is shorter than 32 pixels.</exception>
    public static byte[] Export(Mask2FormerModel model, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (width < 32 || height < 32) throw new FreeMaskException($"A Mask2Former for {width}x{height} pixels cannot be written; both sides must have at least 32.");
        var graph = new OnnxGraphBuilder(Opset);
        var layers = new OnnxLayers(graph);
        var size = new MapSize(height, width);
        var image = graph.Input(InputName, OnnxGraphBuilder.Float, "batch", 3, height, width);
        var (maps, sizes) = layers.Within("backbone", () => WriteBackbone(layers, model.Backbone, image, size));
        var pixels = layers.Within("pixel_decoder", () => new PixelDecoderOnnx(layers, model.PixelDecoder).Write(maps, sizes));
        var (classes, masks) = layers.Within("decoder", () => new MaskedDecoderOnnx(layers, model.Decoder, model.ClassPredictor).Write(pixels));
        var scores = layers.Within("scores", () => WriteScores(layers, classes, masks, model.Config, size));
        graph.Output(OutputName, scores, OnnxGraphBuilder.Float, "batch", model.Config.Labels.Count, height, width);
        return graph.ToBytes();
    }

    /// <summary>The card that goes with <see cref="Export"/>'s model.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="width">Width of the pictures in pixels.</param>
    /// <param name="height">Height of the pictures in pixels.</param>
    public static SegmenterCard MakeCard(Mask2FormerConfig config, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new("mask2former", InputName, width, height, BlueFirst: false, ImageNormalization.ImageNet, OutputName, SegmenterOutput.Scores, config.Labels);
    }

    private static (IReadOnlyList<string> Maps, IReadOnlyList<MapSize> Sizes) WriteBackbone(OnnxLayers layers, ResNetBackbone backbone, string image, MapSize size)
    {
        size = size.Stride(backbone.Stem.Stride).Stride(2);
        var x = layers.Graph.Op("MaxPool", [Unit(layers, image, backbone.Stem, "stem")],
            ("kernel_shape", new[] { 3L, 3L }), ("pads", new[] { 1L, 1L, 1L, 1L }), ("strides", new[] { 2L, 2L }));
        var maps = new List<string>();
        var sizes = new List<MapSize>();
        for (var stage = 0; stage < backbone.Stages.Count; stage++)
        {
            for (var i = 0; i < backbone.Stages[stage].Count; i++)
            {
                var (layer, input) = (backbone.Stages[stage][i], x);
                x = layers.Within($"stages.{stage}.{i}", () => Residual(layers, input, layer));
                foreach (var unit in layer.Units) size = size.Stride(unit.Stride);
            }

            maps.Add(x);
            sizes.Add(size);
        }

        return (maps, sizes);
    }

    private static string Residual(OnnxLayers layers, string input, ResidualLayer layer)
    {
        var x = input;
        for (var i = 0; i < layer.Units.Count; i++) x = Unit(layers, x, layer.Units[i], $"layer.{i}");
        return layers.Relu(layers.Add(x, layer.Shortcut is null ? input : Unit(layers, input, layer.Shortcut, "shortcut")));
    }

    private static string Unit(OnnxLayers layers, string x, ResNetUnit unit, string name)
    {
        x = layers.Convolution(x, unit.Convolution, unit.Normalization, name, unit.Stride);
        return unit.Activate ? layers.Relu(x) : x;
    }

    private static string WriteScores(OnnxLayers layers, string classes, string masks, Mask2FormerConfig config, MapSize size)
    {
        var shares = layers.Split(layers.Softmax(classes), 2, config.Labels.Count, 1)[0];
        var probabilities = layers.Graph.Op("Sigmoid", [layers.Reshape(layers.Resize(masks, size), 0, config.Queries, size.Area)]);
        var scores = layers.MatMul(layers.Transpose(shares, 0, 2, 1), probabilities);
        return layers.Reshape(scores, 0, config.Labels.Count, size.Height, size.Width);
    }
}
