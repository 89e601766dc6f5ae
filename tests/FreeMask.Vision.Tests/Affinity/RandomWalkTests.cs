using CsCheck;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Affinity;
using Xunit;

namespace FreeMask.Vision.Tests.Affinity;

public sealed class RandomWalkTests
{
    [Fact]
    public void Any_walk_equals_the_power_of_the_dense_matrix() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[2, 5], Gen.Int[0, 300], Gen.UInt, Gen.Bool).Sample(
            (width, height, radius, steps, seed, inner) =>
            {
                var pairs = new AffinityPairs(width, height, radius, inner ? PairSources.Inner : PairSources.All);
                var random = new CounterRandom(seed, "walk");
                var affinities = Enumerable.Range(0, pairs.Count).Select(_ => (float)random.NextDouble()).ToArray();
                var map = new FloatMap(width, height, [.. Enumerable.Range(0, width * height).Select(_ => (float)random.NextDouble())]);
                Golden.Near(
                        Dense(pairs, affinities, 3, map, steps),
                        new RandomWalk(pairs, affinities, 3).Propagate(map, steps).Values,
                        1e-6
                    );
            }, iter: 60, threads: 1);

    [Theory]
    [InlineData(nameof(PairSources.Inner))]
    [InlineData(nameof(PairSources.All))]
    public void A_constant_map_stays(string sources)
    {
        var pairs = new AffinityPairs(20, 13, 5, Enum.Parse<PairSources>(sources));
        var map = new FloatMap(20, 13);
        map.Values.AsSpan().Fill(0.3f);
        var affinities = Enumerable.Range(0, pairs.Count).Select(i => (i % 7) / 7f).ToArray();
        Golden.Near(map.Values, new RandomWalk(pairs, affinities, 8).Propagate(map, 256).Values, 1e-7);
    }

    [Fact]
    public void A_grid_within_the_radius_has_no_inner_pair_and_stays_as_it_is()
    {
        var pairs = new AffinityPairs(3, 2, 5, PairSources.Inner);
        Assert.Equal(0, pairs.Count);
        Assert.Equal([1f, 0, 0, 0, 0, 2], new RandomWalk(pairs, [], 8).Propagate(new FloatMap(3, 2, [1, 0, 0, 0, 0, 2]), 9).Values);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var pairs = new AffinityPairs(6, 6, 2, PairSources.All);
        Assert.Throws<ArgumentException>(() => new RandomWalk(pairs, new float[3], 8));
        Assert.Throws<ArgumentException>(() => new RandomWalk(pairs, new float[pairs.Count], 8).Propagate(new FloatMap(5, 6), 1));
        Assert.Throws<ArgumentException>(() => pairs.Label(new LabelMap(5, 6)));
        Assert.Throws<ArgumentException>(() => pairs.Affinities(new FeatureMap(1, 5, 6, new float[30])));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AffinityPairs(6, 6, 1, PairSources.All));
    }

    private static float[] Dense(AffinityPairs pairs, float[] affinities, double beta, FloatMap map, int steps)
    {
        var cells = map.Values.Length;
        var matrix = new double[cells, cells];
        var (first, second) = (pairs.First(), pairs.Second());
        for (var i = 0; i < cells; i++) matrix[i, i] = 1;
        for (var p = 0; p < pairs.Count; p++) matrix[first[p], second[p]] = matrix[second[p], first[p]] = Math.Pow(affinities[p], beta);
        var values = Array.ConvertAll(map.Values, v => (double)v);
        for (var step = 0; step < steps; step++)
        {
            var next = new double[cells];
            for (var i = 0; i < cells; i++)
            {
                var sum = 0.0;
                for (var j = 0; j < cells; j++) (next[i], sum) = (next[i] + (matrix[i, j] * values[j]), sum + matrix[i, j]);
                next[i] /= sum;
            }

            values = next;
        }

        return Array.ConvertAll(values, v => (float)v);
    }
}
