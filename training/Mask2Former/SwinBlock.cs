using FreeMask.Training.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Parameter = TorchSharp.Modules.Parameter;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// x = x + attention(LN(x)); x = x + fc2(gelu(fc1(LN(x)))), where cells attend within windows, with a learned bias for each offset
/// (transformers, <c>SwinLayer</c>). In a shifted block the windows wrap around the map's edges; a mask keeps cells apart that are no
/// neighbors.
/// </summary>
internal sealed class SwinBlock : NamedModule<Tensor, Tensor>, IMixedPrecision
{
    internal const string BiasTable = "relative_position_bias_table";

    // Added to the scores of cells that must not see each other; the reference does not use -infinity.
    private const float Apart = -100;

    internal SwinBlock(SwinConfig config, int stage, int shift) : base(nameof(SwinBlock))
    {
        var (channels, heads, window) = (config.Channels(stage), config.Heads[stage], config.WindowSize);
        (Heads, Window, Shift) = (heads, window, shift);
        (Before, After) = (new LayerNormalization(channels, config.NormEpsilon), new LayerNormalization(channels, config.NormEpsilon));
        Query = new LinearLayer(channels, channels, config.HasAttentionBias);
        Key = new LinearLayer(channels, channels, config.HasAttentionBias);
        Value = new LinearLayer(channels, channels, config.HasAttentionBias);
        Output = new LinearLayer(channels, channels);
        var hidden = (int)(config.FeedForwardRatio * channels);
        (Expand, Reduce) = (new LinearLayer(channels, hidden), new LinearLayer(hidden, channels));
        var offsets = (2 * window) - 1;
        Biases = new Parameter(zeros(offsets * offsets, heads, device: DeviceScope.Current));
        Offsets = tensor(OffsetIndices(window), [window * window, window * window], device: DeviceScope.Current);

        var self = new ModuleGroup(("query", Query), ("key", Key), ("value", Value));
        self.register_parameter(BiasTable, Biases);
        self.register_buffer("relative_position_index", Offsets);
        register_module("layernorm_before", Before);
        register_module("attention", new ModuleGroup(("self", self), ("output", new ModuleGroup(("dense", Output)))));
        register_module("layernorm_after", After);
        register_module("intermediate", new ModuleGroup(("dense", Expand)));
        register_module("output", new ModuleGroup(("dense", Reduce)));
    }

    /// <inheritdoc />
    public TrainingPrecision Precision { get; set; }

    internal int Heads { get; }

    /// <summary>Side of a window in cells.</summary>
    internal int Window { get; }

    /// <summary>By how many cells the windows are shifted down and right.</summary>
    internal int Shift { get; }

    internal LayerNormalization Before { get; }

    internal LayerNormalization After { get; }

    internal LinearLayer Query { get; }

    internal LinearLayer Key { get; }

    internal LinearLayer Value { get; }

    internal LinearLayer Output { get; }

    internal LinearLayer Expand { get; }

    internal LinearLayer Reduce { get; }

    /// <summary>A bias for each offset between two cells of a window and each head [(2w - 1)², heads].</summary>
    internal Parameter Biases { get; }

    /// <summary>Which row of <see cref="Biases"/> two cells have [w², w²].</summary>
    internal Tensor Offsets { get; }

    /// <summary>One block.</summary>
    /// <param name="x">Cells [n, h, w, c].</param>
    /// <param name="keep">What the attention branch is multiplied with [n, 1, 1, 1]; null for 1.</param>
    internal Tensor Forward(Tensor x, Tensor? keep)
    {
        var attention = Attend(Before.forward(x));
        x = x.SafeAdd(keep is null ? attention : attention * keep);
        return x.SafeAdd(Reduce.forward(Expand.forward(After.forward(x)).gelu()));
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input) => Forward(input, null);

    /// <summary>What offsets add to the scores [heads, w², w²].</summary>
    internal Tensor OffsetBias() =>
        Biases.index_select(0, Offsets.flatten()).view(Window * Window, Window * Window, Heads).permute(2, 0, 1);

    private Tensor Attend(Tensor x)
    {
        var (n, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3]);
        var (right, below) = (SwinBackbone.Missing(width, Window), SwinBackbone.Missing(height, Window));
        var (rows, columns) = ((height + below) / Window, (width + right) / Window);
        var padded = right + below > 0 ? functional.pad(x, [0, 0, 0, right, 0, below]) : x;
        if (Shift > 0) padded = padded.roll([-Shift, -Shift], [1, 2]);
        var cells = padded
            .view(n, rows, Window, columns, Window, channels)
            .permute(0, 1, 3, 2, 4, 5)
            .reshape(n, rows * columns, Window * Window, channels);
        var scores = Precision.Multiply(
            Split(Query.forward(cells)) * PinnedScalar.Of(1 / Math.Sqrt(channels / Heads)),
            Split(Key.forward(cells)).transpose(3, 4)
        );
        var bias = OffsetBias();
        if (Shift > 0)
        {
            long[] shape = [rows * columns, 1, Window * Window, Window * Window];
            bias = bias.unsqueeze(0).SafeAdd(tensor(Separation(height + below, width + right), shape, device: x.device));
        }

        var seen = Precision.Multiply(scores.SafeAdd(bias).softmax(-1), Split(Value.forward(cells)));
        var mixed = Output.forward(seen.transpose(2, 3).flatten(3));
        var map = mixed
            .view(n, rows, columns, Window, Window, channels)
            .permute(0, 1, 3, 2, 4, 5)
            .reshape(n, height + below, width + right, channels);
        if (Shift > 0) map = map.roll([Shift, Shift], [1, 2]);
        return right + below > 0 ? map.narrow(1, 0, height).narrow(2, 0, width) : map;
    }

    /// <summary>[n, windows, cells, c] to [n, windows, heads, cells, c / heads].</summary>
    private Tensor Split(Tensor x) => x.view(x.shape[0], x.shape[1], x.shape[2], Heads, -1).transpose(2, 3);

    /// <summary>0 where two cells of a shifted window were neighbors, else a large negative number; [windows, w², w²].</summary>
    /// <param name="height">Height of the map in cells, a multiple of the window.</param>
    /// <param name="width">Width of the map in cells, likewise.</param>
    internal float[] Separation(long height, long width)
    {
        var (rows, columns, area) = (height / Window, width / Window, Window * Window);
        var result = new float[rows * columns * area * area];
        Span<int> regions = stackalloc int[area];
        for (var window = 0; window < rows * columns; window++)
        {
            var (top, left) = (window / columns * Window, window % columns * Window);
            for (var cell = 0; cell < area; cell++)
                regions[cell] = (3 * Region(top + (cell / Window), height)) + Region(left + (cell % Window), width);
            var target = result.AsSpan(window * area * area, area * area);
            for (var a = 0; a < area; a++)
                for (var b = 0; b < area; b++)
                    if (regions[a] != regions[b]) target[(a * area) + b] = Apart;
        }

        return result;
    }

    /// <summary>0 before the last window, 1 in the part of it that stayed, 2 in the part that came around the edge.</summary>
    private int Region(long position, long size) => position < size - Window ? 0 : position < size - Shift ? 1 : 2;

    private static long[] OffsetIndices(int window)
    {
        var area = window * window;
        var indices = new long[area * area];
        for (var a = 0; a < area; a++)
            for (var b = 0; b < area; b++)
            {
                var (down, right) = ((a / window) - (b / window) + window - 1, (a % window) - (b % window) + window - 1);
                indices[(a * area) + b] = (down * ((2 * window) - 1)) + right;
            }

        return indices;
    }
}
