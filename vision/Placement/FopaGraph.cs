using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Vision.Placement;

/// <summary>
/// FOPA's placement network (Niu et al., "Fast object placement assessment", arXiv:2205.14280; composition.md 1.1) as an ONNX graph, from
/// weights under the names of the public checkpoints: a ResNet each for background and object, a decoder that adds the background's maps,
/// and at two resolutions a depthwise convolution whose kernels come from the object. Widths and numbers of blocks follow from the weights.
/// One background serves all objects of a batch.
/// </summary>
internal static class FopaGraph
{
    /// <summary>Names of the graph's inputs and outputs.</summary>
    internal const string Background = "background", Foreground = "foreground", Mask = "mask", Logits = "logits", Features = "features";

    private const float Epsilon = 1e-5f;

    private const int Kernel = 3;

    /// <summary>Whether a file has the weights of such a network.</summary>
    internal static bool IsHere(SafetensorsFile file) => file.TryGet("fg_trans8.weight", out _);

    /// <summary>
    /// The graph, with the inputs <c>background</c> [1, 3, height, width], <c>foreground</c> [n, 3, height, width], both normalized, and
    /// <c>mask</c> [n, 1, height, width] of 0 and 1, and the outputs <c>logits</c> [n, 2, height, width] and <c>features</c>
    /// [n, f, height, width].
    /// </summary>
    /// <param name="weights">The weights.</param>
    /// <param name="height">Rows of the inputs.</param>
    /// <param name="width">Columns of the inputs.</param>
    /// <exception cref="FreeMaskException">A weight is missing.</exception>
    internal static byte[] Write(SafetensorsFile weights, int height, int width)
    {
        var graph = new OnnxGraphBuilder();
        var background = graph.Input(Background, OnnxGraphBuilder.Float, 1, 3, height, width);
        var foreground = graph.Input(Foreground, OnnxGraphBuilder.Float, "n", 3, height, width);
        var mask = graph.Input(Mask, OnnxGraphBuilder.Float, "n", 1, height, width);
        var (logits, features) = new Writer(graph, weights).Run(background, foreground, mask, height, width);
        graph.Output(Logits, logits, OnnxGraphBuilder.Float, "n", 2, height, width);
        graph.Output(Features, features, OnnxGraphBuilder.Float, "n", weights["selfdc_8.fuse.weight"].Shape[0], height, width);
        return graph.ToBytes();
    }

    /// <summary>
    /// A 3x3 kernel for each object and channel from y (means of 3x3 parts, then a pointwise convolution), applied to x depthwise, then a
    /// 3x3 convolution. The product is a sum over nine shifted copies of x, so that neither the number of objects nor that of backgrounds
    /// is part of the graph.
    /// </summary>
    /// <param name="graph">The graph.</param>
    /// <param name="weights">With gernerate_kernel.0 and fuse after the prefix.</param>
    /// <param name="prefix">What their names begin with.</param>
    /// <param name="x">[1 or n, c, h, w].</param>
    /// <param name="size">h and w.</param>
    /// <param name="y">[n, d, h', w'].</param>
    /// <param name="pooled">h' and w'.</param>
    internal static string DynamicDepthwise(
        OnnxGraphBuilder graph,
        SafetensorsFile weights,
        string prefix,
        string x,
        (int Height, int Width) size,
        string y,
        (int Height, int Width) pooled
    )
    {
        var writer = new Writer(graph, weights);
        var rows = graph.Op("MatMul", [graph.Weight("rows", Means(pooled.Height), Kernel, pooled.Height), y]);
        var columns = graph.Weight("columns", Transposed(Means(pooled.Width), pooled.Width), pooled.Width, Kernel);
        var kernels = writer.Convolve(graph.Op("MatMul", [rows, columns]), $"{prefix}gernerate_kernel.0", bias: true);
        var padded = graph.Op("Pad", [x, graph.Int64s(0, 0, 1, 1, 0, 0, 1, 1)]);
        string? sum = null;
        for (var i = 0; i < Kernel * Kernel; i++)
        {
            var (row, column) = (i / Kernel, i % Kernel);
            var term = graph.Op(
                "Mul",
                [Part(padded, (row, row + size.Height), (column, column + size.Width)), Part(kernels, (row, row + 1), (column, column + 1))]
            );
            sum = sum is null ? term : graph.Op("Add", [sum, term]);
        }

        return writer.Convolve(sum!, $"{prefix}fuse", bias: true);

        string Part(string of, (long From, long To) rowRange, (long From, long To) columnRange) =>
            graph.Op(
                "Slice",
                [of, graph.Int64s(rowRange.From, columnRange.From), graph.Int64s(rowRange.To, columnRange.To), graph.Int64s(2, 3)]
            );
    }

    /// <summary>The matrix [3, length] that takes the means of three parts, as PyTorch's adaptive pooling divides them: they may
    /// overlap.</summary>
    internal static float[] Means(int length)
    {
        var matrix = new float[Kernel * length];
        for (var part = 0; part < Kernel; part++)
        {
            var (from, to) = (part * length / Kernel, (((part + 1) * length) + Kernel - 1) / Kernel);
            for (var i = from; i < to; i++) matrix[(part * length) + i] = 1f / (to - from);
        }

        return matrix;
    }

    private static float[] Transposed(float[] matrix, int columns)
    {
        var result = new float[matrix.Length];
        var rows = matrix.Length / columns;
        for (var i = 0; i < matrix.Length; i++) result[(i % columns * rows) + (i / columns)] = matrix[i];
        return result;
    }

    private sealed class Writer(OnnxGraphBuilder graph, SafetensorsFile weights)
    {
        internal (string Logits, string Features) Run(string background, string foreground, string mask, int height, int width)
        {
            var sizes = new (int Height, int Width)[6];
            sizes[0] = (height, width);
            for (var i = 1; i < sizes.Length; i++) sizes[i] = ((sizes[i - 1].Height + 1) / 2, (sizes[i - 1].Width + 1) / 2);

            var empty = graph.Weight("no_mask", new float[height * width], 1, 1, height, width);
            var stem = Convolve(graph.Op("Concat", [background, empty], ("axis", 1L)), "bg_encoder1.0", stride: 2);
            var b1 = Relu(Normalize(stem, "bg_encoder1.1"));
            var b2 = Stage(Pool(b1), "bg_encoder2.1", 1);
            var b4 = Stage(b2, "bg_encoder4", 2);
            var b8 = Stage(b4, "bg_encoder8", 2);
            var b16 = Stage(b8, "bg_encoder16", 2);

            stem = Convolve(graph.Op("Concat", [foreground, mask], ("axis", 1L)), "fg_encoder1.0", stride: 2);
            var f = Stage(Pool(Relu(Normalize(stem, "fg_encoder2.0"))), "fg_encoder4.1", 1);
            var f16 = Stage(Stage(f, "fg_encoder8", 2), "fg_encoder16", 2);
            var f32 = Stage(f16, "fg_encoder32", 2);
            var k8 = Convolve(f16, "fg_trans8", bias: true);
            var k16 = Convolve(f32, "fg_trans16", bias: true);

            var d = Add(b8, Resize(Up(b16, "upconv16"), sizes[4]));
            d = Add(b4, Resize(Up(d, "upconv8"), sizes[3]));
            d = Add(b2, Resize(Up(d, "upconv4"), sizes[2]));
            var d1 = Add(b1, Resize(Up(d, "upconv2"), sizes[1]));
            var d0 = Up(Resize(d1, (2 * sizes[1].Height, 2 * sizes[1].Width), alignCorners: true), "upconv1");
            if (sizes[0] != (2 * sizes[1].Height, 2 * sizes[1].Width))
                throw new FreeMaskException($"FOPA takes inputs of even sides, not {width} x {height}.");
            // The names are crossed: the kernels for half the size come from the larger map of the object.
            var half = DynamicDepthwise(graph, weights, "selfdc_16.", d1, sizes[1], k8, sizes[4]);
            var full = DynamicDepthwise(graph, weights, "selfdc_8.", d0, sizes[0], k16, sizes[5]);
            var features = Add(full, Resize(half, sizes[0]));
            return (Convolve(features, "classifier", bias: true), features);
        }

        internal string Convolve(string x, string name, long stride = 1, bool bias = false)
        {
            var weight = weights[$"{name}.weight"];
            var side = weight.Shape[2];
            var padding = side / 2;
            string[] parameters = bias ? [Weight($"{name}.weight"), Weight($"{name}.bias")] : [Weight($"{name}.weight")];
            return graph.Op(
                "Conv",
                [x, .. parameters],
                ("kernel_shape", new[] { side, side }),
                ("strides", new[] { stride, stride }),
                ("pads", new[] { padding, padding, padding, padding })
            );
        }

        private string Stage(string x, string name, long stride)
        {
            for (var block = 0; weights.TryGet($"{name}.{block}.conv1.weight", out _); block++)
            {
                var step = block == 0 ? stride : 1;
                var at = $"{name}.{block}";
                var y = Relu(Normalize(Convolve(x, $"{at}.conv1", step), $"{at}.bn1"));
                y = Normalize(Convolve(y, $"{at}.conv2"), $"{at}.bn2");
                if (weights.TryGet($"{at}.downsample.0.weight", out _))
                    x = Normalize(Convolve(x, $"{at}.downsample.0", step), $"{at}.downsample.1");
                x = Relu(Add(y, x));
            }

            return x;
        }

        private string Up(string x, string name) => Relu(Normalize(Convolve(x, $"{name}.basicconv.0"), $"{name}.basicconv.1"));

        private string Normalize(string x, string name) =>
            graph.Op(
                "BatchNormalization",
                [x, Weight($"{name}.weight"), Weight($"{name}.bias"), Weight($"{name}.running_mean"), Weight($"{name}.running_var")],
                ("epsilon", Epsilon)
            );

        private string Resize(string x, (int Height, int Width) size, bool alignCorners = false)
        {
            var batch = graph.Op("Slice", [graph.Op("Shape", [x]), graph.Int64s(0), graph.Int64s(2)]);
            var sizes = graph.Op("Concat", [batch, graph.Int64s(size.Height, size.Width)], ("axis", 0L));
            return graph.Op(
                "Resize",
                [x, "", "", sizes],
                ("mode", "linear"),
                ("coordinate_transformation_mode", alignCorners ? "align_corners" : "half_pixel")
            );
        }

        private string Pool(string x) =>
            graph.Op(
                "MaxPool",
                [x],
                ("kernel_shape", new long[] { 3, 3 }),
                ("strides", new long[] { 2, 2 }),
                ("pads", new long[] { 1, 1, 1, 1 })
            );

        private string Relu(string x) => graph.Op("Relu", [x]);

        private string Add(string a, string b) => graph.Op("Add", [a, b]);

        private string Weight(string name)
        {
            var weight = weights[name];
            return graph.Weight(name, weight.ToSingles(), [.. weight.Shape]);
        }
    }
}
