using FreeMask.Imaging;
using FreeMask.Tensors;

namespace FreeMask.Vision.Affinity;

/// <summary>Which cells may be the first of a pair.</summary>
internal enum PairSources
{
    /// <summary>
    /// Only cells from which every displacement stays inside: rows 0 to height - radius, columns radius - 1 to width - radius. The
    /// published form, in training and at inference (jiwoon-ahn/psa).
    /// </summary>
    Inner,

    /// <summary>Every cell: all pairs that fit the grid.</summary>
    All,
}

/// <summary>What a label map says of a pair of cells.</summary>
internal enum PairLabel : byte
{
    /// <summary>Nothing: an end is <see cref="LabelMap.Ignore"/>.</summary>
    None,

    /// <summary>Both are background.</summary>
    Background,

    /// <summary>Both are of the same class, which is not background.</summary>
    Foreground,

    /// <summary>They differ.</summary>
    Different,
}

/// <summary>All pairs of one displacement: their first cells fill a rectangle.</summary>
/// <param name="Dy">Rows from the first cell to the second, 0 or more.</param>
/// <param name="Dx">Columns from the first cell to the second.</param>
/// <param name="Top">First row of first cells.</param>
/// <param name="Left">First column of first cells.</param>
/// <param name="Rows">Rows of first cells.</param>
/// <param name="Columns">Columns of first cells.</param>
internal readonly record struct PairShift(int Dy, int Dx, int Top, int Left, int Rows, int Columns);

/// <summary>
/// The pairs of near cells of a grid (AffinityNet, Ahn and Kwak, CVPR 2018; jiwoon-ahn/psa): displacements (dy, dx) with dy² + dx² &lt;
/// radius², each pair once. Order:
/// displacement by displacement (dy = 0 with dx > 0, then dy > 0; dx ascending), in each the first cells row by row.
/// </summary>
internal sealed class AffinityPairs
{
    private readonly PairShift[] _shifts;

    /// <summary>Lists the pairs of a grid.</summary>
    /// <param name="width">Grid width.</param>
    /// <param name="height">Grid height.</param>
    /// <param name="radius">Distances are below this; at least 2. A grid smaller than it has few pairs or none.</param>
    /// <param name="sources">Which cells may be first.</param>
    public AffinityPairs(int width, int height, int radius, PairSources sources)
    {
        _ = PixelGrid.Area(width, height);
        (Width, Height) = (width, height);
        _shifts = [.. Displacements(radius).Select(d => sources == PairSources.Inner
            ? Shift(d.Dy, d.Dx, radius - 1, height - radius + 1, width - radius + 1)
            : Shift(d.Dy, d.Dx, Math.Max(0, -d.Dx), height - d.Dy, Math.Min(width, width - d.Dx)))];
        Count = _shifts.Sum(s => s.Rows * s.Columns);

        static PairShift Shift(int dy, int dx, int left, int bottom, int right) =>
            new(dy, dx, 0, left, right > left ? Math.Max(0, bottom) : 0, Math.Max(0, right - left));
    }

    /// <summary>Grid width.</summary>
    public int Width { get; }

    /// <summary>Grid height.</summary>
    public int Height { get; }

    /// <summary>Number of pairs.</summary>
    public int Count { get; }

    /// <summary>The pairs by displacement, in order; a displacement that fits nowhere has no rows.</summary>
    public ReadOnlySpan<PairShift> Shifts => _shifts;

    /// <summary>Half of the disc of a radius, in the order of pairs.</summary>
    public static IReadOnlyList<(int Dy, int Dx)> Displacements(int radius)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(radius, 2);
        var result = new List<(int, int)>();
        for (var dy = 0; dy < radius; dy++)
            for (var dx = dy == 0 ? 1 : 1 - radius; dx < radius; dx++)
                if ((dy * dy) + (dx * dx) < radius * radius) result.Add((dy, dx));
        return result;
    }

    /// <summary>The flat index (row x width + column) of each pair's first cell.</summary>
    public int[] First() => Indices(0);

    /// <summary>The flat index of each pair's second cell.</summary>
    public int[] Second() => Indices(1);

    /// <summary>The affinity of each pair: exp(-mean over channels of |e_i - e_j|), in (0, 1].</summary>
    /// <exception cref="ArgumentException">The embedding has another grid.</exception>
    public float[] Affinities(FeatureMap embedding)
    {
        ArgumentNullException.ThrowIfNull(embedding);
        if ((embedding.Width, embedding.Height) != (Width, Height))
            throw new ArgumentException(
                $"The embedding is {embedding.Width} x {embedding.Height}, the pairs are of a {Width} x {Height} grid.",
                nameof(embedding)
            );
        var result = new float[Count];
        var at = 0;
        foreach (var shift in _shifts)
            for (var row = 0; row < shift.Rows; row++, at += shift.Columns)
            {
                var sums = result.AsSpan(at, shift.Columns);
                var (first, second) = Cells(shift, row);
                for (var c = 0; c < embedding.Channels; c++)
                {
                    var plane = embedding.Plane(c);
                    VectorMath.AddDistance(sums, plane.Slice(first, shift.Columns), plane.Slice(second, shift.Columns));
                }

                foreach (ref var sum in sums) sum = MathF.Exp(-sum / embedding.Channels);
            }

        return result;
    }

    /// <summary>What a label map of the grid says of each pair.</summary>
    /// <exception cref="ArgumentException">The map has another size.</exception>
    public PairLabel[] Label(LabelMap labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if ((labels.Width, labels.Height) != (Width, Height))
            throw new ArgumentException(
                $"The labels are {labels.Width} x {labels.Height}, the pairs are of a {Width} x {Height} grid.",
                nameof(labels)
            );
        var result = new PairLabel[Count];
        var at = 0;
        foreach (var shift in _shifts)
            for (var row = 0; row < shift.Rows; row++)
            {
                var (first, second) = Cells(shift, row);
                for (var x = 0; x < shift.Columns; x++, at++) result[at] = Compare(labels.Labels[first + x], labels.Labels[second + x]);
            }

        return result;
    }

    /// <summary>The flat indices of a row's leftmost pair.</summary>
    internal (int First, int Second) Cells(PairShift shift, int row)
    {
        var first = ((shift.Top + row) * Width) + shift.Left;
        return (first, first + (shift.Dy * Width) + shift.Dx);
    }

    private static PairLabel Compare(byte first, byte second)
    {
        if (first == LabelMap.Ignore || second == LabelMap.Ignore) return PairLabel.None;
        if (first != second) return PairLabel.Different;
        return first == LabelMap.Background ? PairLabel.Background : PairLabel.Foreground;
    }

    private int[] Indices(int end)
    {
        var result = new int[Count];
        var at = 0;
        foreach (var shift in _shifts)
            for (var row = 0; row < shift.Rows; row++)
            {
                var (first, second) = Cells(shift, row);
                for (var x = 0; x < shift.Columns; x++, at++) result[at] = (end == 0 ? first : second) + x;
            }

        return result;
    }
}
