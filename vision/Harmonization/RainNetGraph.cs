using System.Globalization;
using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Vision.Harmonization;

/// <summary>
/// RainNet (Ling et al., "Region-aware adaptive instance normalization for image harmonization", CVPR 2021) as an ONNX graph, from weights
/// under the names of the public checkpoints: a U-Net that halves the image until one pixel is left, in eight levels for the public ones,
/// which take 256 x 256 pixels. Its width and depth follow from the weights. Activations of the public code work in place, so that every
/// skip connection carries the tensor after its leaky ReLU.
/// </summary>
internal static class RainNetGraph
{
    /// <summary>Levels above the blocks within blocks; their decoders but the last have attention.</summary>
    internal const int OuterLevels = 4;

    private const float Epsilon = 1e-5f, Slope = 0.2f;

    private const string FirstWeight = "model_layer0.weight", Block = "unet_block", Inner = ".submodule";

    /// <summary>Whether a file has the weights of a RainNet.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">What their names begin with.</param>
    internal static bool IsHere(SafetensorsFile file, string prefix = "") => file.TryGet(prefix + FirstWeight, out _);

    /// <summary>The graph, with the inputs <c>image</c> [n, 3, s, s] in -1..1 and <c>mask</c> [n, 1, s, s] of 0 and 1, and the output
    /// <c>harmonized</c>, the image in -1..1 before it is put together with the composite; s is 2 to the number of levels.</summary>
    /// <exception cref="FreeMaskException">A weight is missing.</exception>
    internal static byte[] Write(SafetensorsFile weights)
    {
        var graph = new OnnxGraphBuilder();
        var blocks = Blocks(weights);
        var side = 1 << (OuterLevels + blocks);
        var image = graph.Input("image", OnnxGraphBuilder.Float, "n", 3, side, side);
        var mask = graph.Input("mask", OnnxGraphBuilder.Float, "n", 1, side, side);
        var network = new Writer(graph, weights, mask, blocks);
        graph.Output("harmonized", network.Run(image), OnnxGraphBuilder.Float, "n", 3, side, side);
        return graph.ToBytes();
    }

    /// <summary>Blocks within blocks: all but the innermost have a convolution that is named after the way down.</summary>
    private static int Blocks(SafetensorsFile weights)
    {
        var count = 1;
        for (var name = Block; weights.TryGet($"{name}.down.1.weight", out _); name += Inner) count++;
        return count;
    }

    /// <summary>One layer of region-aware normalization: each region by its own statistics, and the object takes those of the
    /// rest.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="weights">With foreground_gamma, foreground_beta, background_gamma and background_beta after the prefix.</param>
    /// <param name="prefix">What their names begin with.</param>
    /// <param name="x">[n, c, h, w].</param>
    /// <param name="mask">[n, 1, h stride, w stride].</param>
    /// <param name="stride">How many times the mask is as large; it is reduced to its nearest pixels.</param>
    internal static string Rain(OnnxGraphBuilder graph, SafetensorsFile weights, string prefix, string x, string mask, long stride)
    {
        var end = graph.Int64s(int.MaxValue, int.MaxValue);
        var front = stride == 1
            ? mask
            : graph.Op("Slice", [mask, graph.Int64s(0, 0), end, graph.Int64s(2, 3), graph.Int64s(stride, stride)]);
        var back = graph.Op("Sub", [graph.Scalar(1), front]);
        var (inner, outer) = (Statistics(graph, x, front), Statistics(graph, x, back));
        var rest = graph.Op("Div", [graph.Op("Sub", [x, outer.Mean]), outer.Deviation]);
        var own = graph.Op("Div", [graph.Op("Sub", [x, inner.Mean]), inner.Deviation]);
        own = graph.Op("Add", [graph.Op("Mul", [own, outer.Deviation]), outer.Mean]);
        return graph.Op(
            "Add",
            [graph.Op("Mul", [Affine(rest, "background"), back]), graph.Op("Mul", [Affine(own, "foreground"), front])]
        );

        string Affine(string value, string region)
        {
            var gamma = Column(graph, weights, $"{prefix}{region}_gamma");
            var beta = Column(graph, weights, $"{prefix}{region}_beta");
            return graph.Op("Add", [graph.Op("Mul", [value, graph.Op("Add", [gamma, graph.Scalar(1)])]), beta]);
        }
    }

    private static (string Mean, string Deviation) Statistics(OnnxGraphBuilder graph, string x, string region)
    {
        string Sum(string of) => graph.Op("ReduceSum", [of, graph.Int64s(2, 3)], ("keepdims", 1L));
        var count = graph.Op("Add", [Sum(region), graph.Scalar(Epsilon)]);
        var mean = graph.Op("Div", [Sum(graph.Op("Mul", [x, region])), count]);
        var difference = graph.Op("Sub", [x, mean]);
        var squares = Sum(graph.Op("Mul", [graph.Op("Mul", [difference, difference]), region]));
        var variance = graph.Op("Div", [squares, count]);
        return (mean, graph.Op("Sqrt", [graph.Op("Add", [variance, graph.Scalar(Epsilon)])]));
    }

    private static string Column(OnnxGraphBuilder graph, SafetensorsFile weights, string name)
    {
        var values = weights[name].ToSingles();
        return graph.Weight(name, values, 1, values.Length, 1, 1);
    }

    private sealed class Writer(OnnxGraphBuilder graph, SafetensorsFile weights, string mask, int blocks)
    {
        internal string Run(string image)
        {
            var outer = new string[OuterLevels - 1];
            var y = Convolve(image, FirstWeight);
            for (var level = 0; level < outer.Length; level++)
            {
                (outer[level], y) = Down(y, Name("model_layer", level + 1, ".1.weight"));
                y = Normalize(y, Name("model_layer", level + 1, ".1.weight"));
            }

            y = Descend(y, Block, 0);
            for (var level = 0; level < outer.Length; level++)
            {
                var layer = Name("model_layer", 11 + level, "");
                y = Up(y, $"{layer}.1.weight", null);
                y = graph.Op("Concat", [outer[2 - level], Rain(graph, weights, $"{layer}norm.", y, mask, 8 >> level)], ("axis", 1L));
                var attention = Convolve(y, $"{layer}att.0.weight", $"{layer}att.0.bias", pointwise: true);
                y = graph.Op("Mul", [graph.Op("Sigmoid", [attention]), y]);
            }

            return graph.Op("Tanh", [Up(y, "model_out.1.weight", "model_out.1.bias")]);
        }

        private static string Name(string before, int number, string after) =>
            string.Create(CultureInfo.InvariantCulture, $"{before}{number}{after}");

        private string Descend(string x, string name, int depth)
        {
            var isInnermost = depth == blocks - 1;
            var (skip, y) = Down(x, isInnermost ? $"{name}.up.1.weight" : $"{name}.down.1.weight");
            if (!isInnermost) y = Descend(Normalize(y, $"{name}.down.1.weight"), name + Inner, depth + 1);
            y = Up(y, isInnermost ? $"{name}.up.3.weight" : $"{name}.up.1.weight", null);
            return graph.Op("Concat", [skip, Rain(graph, weights, $"{name}.upnorm.", y, mask, 16 << depth)], ("axis", 1L));
        }

        private (string Skip, string Down) Down(string x, string weight)
        {
            var skip = graph.Op("LeakyRelu", [x], ("alpha", Slope));
            return (skip, Convolve(skip, weight));
        }

        private string Convolve(string x, string weight, string? bias = null, bool pointwise = false)
        {
            long kernel = pointwise ? 1 : 4, stride = pointwise ? 1 : 2, padding = pointwise ? 0 : 1;
            return graph.Op(
                "Conv",
                bias is null ? [x, Weight(weight)] : [x, Weight(weight), Weight(bias)],
                ("kernel_shape", new[] { kernel, kernel }),
                ("strides", new[] { stride, stride }),
                ("pads", new[] { padding, padding, padding, padding })
            );
        }

        private string Up(string x, string weight, string? bias)
        {
            var active = graph.Op("Relu", [x]);
            return graph.Op(
                "ConvTranspose",
                bias is null ? [active, Weight(weight)] : [active, Weight(weight), Weight(bias)],
                ("kernel_shape", new long[] { 4, 4 }),
                ("strides", new long[] { 2, 2 }),
                ("pads", new long[] { 1, 1, 1, 1 })
            );
        }

        /// <summary>Instance normalization without parameters, of as many channels as a convolution gives.</summary>
        private string Normalize(string x, string after)
        {
            var channels = (int)weights[after].Shape[0];
            float[] ones = [.. Enumerable.Repeat(1f, channels)];
            return graph.Op(
                "InstanceNormalization",
                [x, graph.Weight("ones", ones, channels), graph.Weight("zeros", new float[channels], channels)],
                ("epsilon", Epsilon)
            );
        }

        private string Weight(string name) => graph.Weight(name, weights[name].ToSingles(), [.. weights[name].Shape]);
    }
}
