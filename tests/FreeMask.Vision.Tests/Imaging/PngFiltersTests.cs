using CsCheck;
using FreeMask.Imaging;
using FreeMask.Randomness;
using Xunit;

namespace FreeMask.Vision.Tests.Imaging;

public sealed class PngFiltersTests
{
    [Fact]
    public void What_is_filtered_comes_back() => Gen.Select(Gen.Int[1, 90], Gen.Int[1, 8], Gen.UInt, Gen.Int[1, 64]).Sample(
        (pixels, step, seed, spread) =>
        {
            var (row, above) = (Row(pixels * step, step, seed, spread), Row(pixels * step, step, seed + 1, spread));
            var result = new byte[1 + (pixels * step)];
            byte[][] candidates = [new byte[pixels * step], new byte[pixels * step], new byte[pixels * step]];
            PngFilters.Apply(row, above, step, candidates, result);
            Assert.True(PngFilters.Undo(result[0], result.AsSpan(1), above.AsSpan(step), step));
            Assert.Equal(row[step..], result[1..]);
        }, iter: 500, threads: 1);

    [Fact]
    public void Each_filter_undoes_as_the_specification_says() => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 4], Gen.UInt, Gen.Int[0, 4]).Sample(
        (pixels, step, seed, filter) =>
        {
            var length = pixels * step;
            var (row, above) = (Row(length, step, seed, 256), Row(length, step, seed + 1, 256));
            var undone = row[step..];
            Assert.True(PngFilters.Undo((byte)filter, undone, above.AsSpan(step), step));
            var expected = new byte[step + length];
            for (var i = step; i < expected.Length; i++)
                expected[i] = (byte)(row[i] + Prediction(filter, expected[i - step], above[i], above[i - step]));
            Assert.Equal(expected[step..], undone);
        }, iter: 500, threads: 1);

    [Fact]
    public void Other_filters_are_unknown() => Assert.False(PngFilters.Undo(5, new byte[3], new byte[3], 3));

    private static int Prediction(int filter, int left, int up, int corner)
    {
        switch (filter)
        {
            case 1: return left;
            case 2: return up;
            case 3: return (left + up) / 2;
            case 4:
                var estimate = left + up - corner;
                var (a, b, c) = (Math.Abs(estimate - left), Math.Abs(estimate - up), Math.Abs(estimate - corner));
                return a <= b && a <= c ? left : b <= c ? up : corner;
            default: return 0;
        }
    }

    // Zeros before the first sample.
    private static byte[] Row(int length, int step, uint seed, int spread)
    {
        var random = new CounterRandom(seed, "row");
        var row = new byte[step + length];
        for (var i = step; i < row.Length; i++) row[i] = (byte)random.NextInt(spread);
        return row;
    }
}
