using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Attention;

/// <summary>
/// A^k c: each cell takes the mean of the map over the cells that it attends to, k times (Dataset Diffusion, gen_data.py). Rows of A are normalised to sum 1.
/// </summary>
internal static class SelfAttentionPower
{
    internal static FloatMap Apply(FloatMap map, SelfAttentionGrid self, int power)
    {
        var (count, values) = (map.Values.Length, map.Values);
        var sums = new float[count];
        for (var row = 0; row < count; row++)
        {
            var sum = 0f;
            foreach (var value in self.Values.AsSpan(row * count, count)) sum += value;
            sums[row] = Math.Max(sum, float.Epsilon);
        }

        for (var k = 0; k < power; k++)
        {
            var next = new float[count];
            for (var row = 0; row < count; row++)
            {
                var weights = self.Values.AsSpan(row * count, count);
                var sum = 0f;
                for (var column = 0; column < count; column++) sum += weights[column] * values[column];
                next[row] = sum / sums[row];
            }

            values = next;
        }

        return new(map.Width, map.Height, values);
    }
}
