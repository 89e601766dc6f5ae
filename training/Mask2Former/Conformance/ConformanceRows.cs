using FreeMask.Diffusion.Conformance;
using FreeMask.Imaging;
using FreeMask.Tensors;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former.Conformance;

/// <summary>Collects compared quantities.</summary>
internal sealed class ConformanceRows
{
    /// <summary>How far forward tensors may be off, as a share of the largest value (at least of 1).</summary>
    internal const double ForwardTolerance = 2e-5;

    private readonly List<ConformanceRow> _rows = [];

    internal IReadOnlyList<ConformanceRow> Rows => _rows;

    /// <summary>Every element, under <see cref="ForwardTolerance"/>.</summary>
    internal void Close(string quantity, NamedTensor expected, Tensor actual)
    {
        var want = expected.ToSingles();
        Values(quantity, expected, actual, ForwardTolerance * Largest(want));
    }

    /// <summary>Every element, under an absolute tolerance.</summary>
    internal void Values(string quantity, NamedTensor expected, Tensor actual, double tolerance)
    {
        var sameShape = expected.Shape.SequenceEqual(actual.shape);
        _rows.Add(new(quantity, sameShape ? Difference(expected.ToSingles(), Values(actual)) : double.PositiveInfinity, tolerance));
    }

    /// <summary>Maps, under <see cref="ForwardTolerance"/>.</summary>
    internal void Close(string quantity, NamedTensor expected, IReadOnlyList<FloatMap> actual)
    {
        float[] values = [.. actual.SelectMany(map => map.Values)];
        var want = expected.ToSingles();
        _rows.Add(
            new(
                quantity,
                want.Length == values.Length ? Difference(want, values) : double.PositiveInfinity,
                ForwardTolerance * Largest(want)
            )
        );
    }

    /// <summary>One number.</summary>
    internal void Number(string quantity, double expected, double actual, double tolerance) =>
        _rows.Add(new(quantity, Math.Abs(expected - actual), tolerance));

    /// <summary>Things that differ.</summary>
    internal void Count(string quantity, long differing, long allowed = 0) => _rows.Add(new(quantity, differing, allowed));

    /// <summary>Elements that differ between two maps of whole numbers.</summary>
    internal void Labels(string quantity, NamedTensor expected, IReadOnlyList<int> actual, long allowed)
    {
        var want = expected.ToInt64s();
        if (want.Length == actual.Count) Count(quantity, want.Where((w, i) => w != actual[i]).LongCount(), allowed);
        else _rows.Add(new(quantity, double.PositiveInfinity, allowed));
    }

    /// <summary>Of many comparisons the one that comes closest to its tolerance, or exceeds it most.</summary>
    internal void Worst(string quantity, IEnumerable<(double Difference, double Tolerance)> comparisons)
    {
        var worst = (Difference: 0.0, Tolerance: 0.0, Share: -1.0);
        foreach (var (difference, tolerance) in comparisons)
            if (difference / tolerance is var share && !(share <= worst.Share)) worst = (difference, tolerance, share);
        _rows.Add(new(quantity, worst.Difference, worst.Tolerance));
    }

    internal static double Largest(ReadOnlySpan<float> values)
    {
        var largest = 1.0;
        foreach (var value in values) largest = Math.Max(largest, Math.Abs(value));
        return largest;
    }

    internal static float[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to_type(ScalarType.Float32).contiguous().data<float>().ToArray();
    }

    private static double Difference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double largest = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            // Equal infinities and NaNs do not differ.
            if (expected[i].Equals(actual[i])) continue;
            var difference = Math.Abs((double)expected[i] - actual[i]);
            largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
        }

        return largest;
    }
}
