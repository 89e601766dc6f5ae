using FreeMask.Imaging;

namespace FreeMask.Diffusion.Attention;

/// <summary>
/// A^k c of captured self-attention (Dataset Diffusion, gen_data.py). Rows of A are normalized to sum 1 first: what was captured is an
/// average, kept in half precision.
/// </summary>
internal static class SelfAttentionPower
{
    internal static FloatMap Apply(FloatMap map, SelfAttentionGrid self, int power)
    {
        var rows = (float[])self.Values.Clone();
        var cells = map.Values.Length;
        for (var row = 0; row < cells; row++)
        {
            var weights = rows.AsSpan(row * cells, cells);
            var sum = 0f;
            foreach (var weight in weights) sum += weight;
            foreach (ref var weight in weights) weight /= Math.Max(sum, float.Epsilon);
        }

        return SelfAttention.Propagate(map, rows, power);
    }
}
