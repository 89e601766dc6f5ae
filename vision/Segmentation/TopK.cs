namespace FreeMask.Vision.Segmentation;

/// <summary>
/// The largest values in the order in which <c>torch.topk(sorted=False)</c> gives them on a CPU. The reference paints objects in that
/// order, so ids and overlaps depend on it. Few of many come sorted (a partial sort); else the order is what quickselect leaves behind
/// (<c>std::nth_element</c> of libstdc++).
/// </summary>
internal static class TopK
{
    // Below this share torch sorts.
    private const int SortFactor = 64;

    /// <summary>Indices of the <paramref name="count"/> largest values.</summary>
    internal static int[] Of(float[] values, int count)
    {
        count = Math.Min(count, values.Length);
        if ((long)count * SortFactor <= values.Length)
            return [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(count)];
        var order = Enumerable.Range(0, values.Length).ToArray();
        Select(order, values, count - 1);
        return order[..count];
    }

    private static void Select(int[] order, float[] values, int nth)
    {
        var (first, last) = (0, order.Length);

        // Quickselect gives up on inputs that keep splitting badly; then everything is sorted.
        for (var depth = 2 * int.Log2(order.Length); last - first > 3; depth--)
        {
            if (depth == 0)
            {
                var rest = order[first..last].OrderByDescending(i => values[i]).ToArray();
                rest.CopyTo(order, first);
                return;
            }

            var cut = Partition(order, values, first, last);
            if (cut <= nth) first = cut;
            else last = cut;
        }

        for (var i = first + 1; i < last; i++)
        {
            var (moved, to) = (order[i], i);
            for (; to > first && values[moved] > values[order[to - 1]]; to--) order[to] = order[to - 1];
            order[to] = moved;
        }
    }

    /// <summary>Splits at the median of three, which is put first: larger values to the left. Returns where the right part
    /// begins.</summary>
    private static int Partition(int[] order, float[] values, int first, int last)
    {
        bool Before(int a, int b) => values[order[a]] > values[order[b]];
        var (a, b, c) = (first + 1, first + ((last - first) / 2), last - 1);
        var median = Before(a, b) ? Before(b, c) ? b : Before(a, c) ? c : a : Before(a, c) ? a : Before(b, c) ? c : b;
        Swap(order, first, median);
        var (left, right) = (first + 1, last);
        while (true)
        {
            while (Before(left, first)) left++;
            right--;
            while (Before(first, right)) right--;
            if (left >= right) return left;
            Swap(order, left, right);
            left++;
        }
    }

    private static void Swap(int[] order, int a, int b) => (order[a], order[b]) = (order[b], order[a]);
}
