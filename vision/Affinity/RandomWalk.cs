using FreeMask.Imaging;
using FreeMask.Tensors;

namespace FreeMask.Vision.Affinity;

/// <summary>
/// The random walk of AffinityNet (Ahn and Kwak, CVPR 2018): W is symmetric with the affinities of pairs and 1 on the diagonal, T = W^beta
/// (element by element) with each row divided by its sum, and a map becomes T^t times the map.
/// </summary>
/// <remarks>
/// The published code squares a dense T eight times. Here T stays sparse, one plane of weights a displacement, and is applied to the map
/// itself: T is similar to a symmetric matrix with eigenvalues in [-1, 1], so T^256 is a sum of about 100 Chebyshev polynomials of T
/// (<see cref="ChebyshevPolynomial"/>) within 1e-8. Computed in double, where 256 roundings cannot be seen; squaring in single is off by
/// 2e-5.
/// </remarks>
internal sealed class RandomWalk
{
    private readonly AffinityPairs _pairs;
    private readonly double[] _weights, _inverseDegree;

    /// <summary>Makes the transition matrix.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="affinities">Their affinities, in 0..1.</param>
    /// <param name="beta">The power; larger stops at weaker edges. 8 in PSA, 16 in DiffuMask.</param>
    /// <exception cref="ArgumentException">There is not one affinity for each pair.</exception>
    public RandomWalk(AffinityPairs pairs, float[] affinities, double beta)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        PixelGrid.RequireLength(affinities, pairs.Count, nameof(affinities));
        _pairs = pairs;
        _weights = Array.ConvertAll(affinities, a => Math.Pow(a, beta));
        _inverseDegree = new double[pairs.Width * pairs.Height];
        var (ones, degree) = (new double[_inverseDegree.Length], new double[_inverseDegree.Length]);
        ones.AsSpan().Fill(1);
        MultiplySymmetric(ones, degree);
        for (var i = 0; i < degree.Length; i++) _inverseDegree[i] = 1 / degree[i];
    }

    /// <summary>Takes a walk of so many steps.</summary>
    /// <param name="map">A map of the pairs' grid.</param>
    /// <param name="steps">t; 256 in the published code, 0 copies the map.</param>
    /// <exception cref="ArgumentException">The map has another size.</exception>
    public FloatMap Propagate(FloatMap map, int steps)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        if ((map.Width, map.Height) != (_pairs.Width, _pairs.Height))
            throw new ArgumentException(
                $"The map is {map.Width} x {map.Height}, the walk is on a {_pairs.Width} x {_pairs.Height} grid.",
                nameof(map)
            );
        var coefficients = ChebyshevPolynomial.Coefficients(steps);
        var values = Array.ConvertAll(map.Values, v => (double)v);
        values = coefficients.Length <= steps ? Evaluate(values, coefficients) : Repeat(values, steps);
        return new FloatMap(map.Width, map.Height, Array.ConvertAll(values, v => (float)v));
    }

    /// <summary>A row of T.</summary>
    internal double[] Row(int cell)
    {
        var (unit, row) = (new double[_inverseDegree.Length], new double[_inverseDegree.Length]);
        unit[cell] = 1;
        MultiplySymmetric(unit, row);
        for (var i = 0; i < row.Length; i++) row[i] *= _inverseDegree[cell];
        return row;
    }

    private double[] Repeat(double[] values, int steps)
    {
        var next = new double[values.Length];
        for (var step = 0; step < steps; step++)
        {
            Step(values, next);
            (values, next) = (next, values);
        }

        return values;
    }

    // T_0 = 1, T_1 = x, T_k+1 = 2 x T_k - T_k-1.
    private double[] Evaluate(double[] values, double[] coefficients)
    {
        var (before, current, next, result) = (values, new double[values.Length], new double[values.Length], new double[values.Length]);
        Step(before, current);
        for (var i = 0; i < result.Length; i++) result[i] = (coefficients[0] * before[i]) + (coefficients[1] * current[i]);
        for (var k = 2; k < coefficients.Length; k++)
        {
            Step(current, next);
            var weight = coefficients[k];
            for (var i = 0; i < result.Length; i++)
            {
                before[i] = (2 * next[i]) - before[i];
                result[i] += weight * before[i];
            }

            (before, current) = (current, before);
        }

        return result;
    }

    private void Step(double[] from, double[] to)
    {
        MultiplySymmetric(from, to);
        for (var i = 0; i < to.Length; i++) to[i] *= _inverseDegree[i];
    }

    private void MultiplySymmetric(ReadOnlySpan<double> from, Span<double> to)
    {
        from.CopyTo(to);
        var at = 0;
        foreach (var shift in _pairs.Shifts)
            for (var row = 0; row < shift.Rows; row++, at += shift.Columns)
            {
                var (first, second) = _pairs.Cells(shift, row);
                var weights = _weights.AsSpan(at, shift.Columns);
                VectorMath.AddProduct(to.Slice(first, shift.Columns), weights, from.Slice(second, shift.Columns));
                VectorMath.AddProduct(to.Slice(second, shift.Columns), weights, from.Slice(first, shift.Columns));
            }
    }
}
