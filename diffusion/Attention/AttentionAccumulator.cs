using FreeMask.Tensors;

namespace FreeMask.Diffusion.Attention;

/// <summary>Sums the captured attention of one image over passes, in a fixed order, and makes the record.</summary>
internal sealed class AttentionAccumulator(IReadOnlyList<string> classes, int latentWidth, int latentHeight, AttentionCapture capture)
{
    private readonly float[]?[] _cross = new float[capture.Cross.Count][];
    private readonly float[]?[] _self = new float[capture.Self.Count][];
    private int _passes;

    /// <summary>Adds one pass.</summary>
    /// <param name="row">The image's row in the captured outputs.</param>
    /// <param name="cross">Outputs [n, Q, c] of the capture's cross modules; the last of this image's columns is that of all words.</param>
    /// <param name="self">Outputs [n, Q, Q] of the capture's self groups.</param>
    internal void Add(int row, ReadOnlySpan<FloatTensor> cross, ReadOnlySpan<FloatTensor> self)
    {
        for (var i = 0; i < cross.Length; i++) AddColumns(ref _cross[i], cross[i], row);
        for (var i = 0; i < self.Length; i++) AddAll(ref _self[i], self[i].Row(row));
        _passes++;
    }

    internal AttentionRecord Finish()
    {
        var scale = 1f / Math.Max(1, _passes);
        var cross = capture.Cross.Select((c, i) =>
        {
            var (width, height) = c.Module.Grid(latentWidth, latentHeight);
            return new CrossAttentionLayer(
                    c.Module.Name,
                    c.Module.Part,
                    width,
                    height,
                    Scaled(_cross[i] ?? new float[(classes.Count + 1) * width * height], scale)
                );
        });
        var self = capture.Self.Select((g, i) =>
        {
            var (width, height) = g.Modules[0].Grid(latentWidth, latentHeight);
            var values = Scaled(_self[i] ?? new float[width * height * width * height], scale);
            return new SelfAttentionGrid(width, height, Array.ConvertAll(values, v => (float)(Half)v));
        });
        return new(classes, latentWidth, latentHeight, _passes, [.. cross], [.. self.OrderByDescending(s => s.Width * s.Height)]);
    }

    /// <summary>[Q, c] to class-major maps.</summary>
    private void AddColumns(ref float[]? sum, FloatTensor output, int row)
    {
        var (cells, columns) = ((int)output.Shape[1], (int)output.Shape[2]);
        var values = output.Row(row);
        sum ??= new float[(classes.Count + 1) * cells];
        for (var column = 0; column <= classes.Count; column++)
            for (var cell = 0; cell < cells; cell++) sum[(column * cells) + cell] += values[(cell * columns) + column];
    }

    private static void AddAll(ref float[]? sum, ReadOnlySpan<float> values)
    {
        sum ??= new float[values.Length];
        for (var i = 0; i < values.Length; i++) sum[i] += values[i];
    }

    private static float[] Scaled(float[] values, float scale) => Array.ConvertAll(values, v => v * scale);
}
