using System.Runtime.InteropServices;
using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Tensors;
using Xunit;

namespace FreeMask.Vision.Tests.Imaging;

public sealed class RegionsTests
{
    [Fact]
    public void Regions_holes_and_squares_equal_the_references()
    {
        var tensors = Golden.Tensors("golden", "images", "regions.safetensors");
        var k = 0;
        foreach (var entry in Golden.Json("golden", "images", "images.json").GetProperty("regions").GetProperty("cases").EnumerateArray())
            Compare(tensors, entry, k++);
    }

    private static void Compare(SafetensorsFile tensors, JsonElement entry, int k)
    {
        var mask = tensors[$"mask_{k}"].Bytes.ToArray();
        var width = (int)tensors[$"mask_{k}"].Shape[1];
        Assert.Equal(
            entry.GetProperty("sizes4").EnumerateArray().Select(s => s.GetInt32()),
            Regions.Find(mask, width, Connectivity.Four).Sizes.OrderDescending()
        );
        Assert.Equal(
            entry.GetProperty("sizes8").EnumerateArray().Select(s => s.GetInt32()),
            Regions.Find(mask, width).Sizes.OrderDescending()
        );
        Assert.Equal(tensors[$"labels4_{k}"].ToInt64s(), Regions.Find(mask, width, Connectivity.Four).Index.Select(i => (long)i));
        Assert.Equal(tensors[$"labels8_{k}"].ToInt64s(), Regions.Find(mask, width).Index.Select(i => (long)i));
        var filled = (byte[])mask.Clone();
        Regions.FillHoles(filled, width);
        Assert.Equal(tensors[$"filled_{k}"].Bytes.ToArray(), filled);
        Assert.Equal(tensors[$"opened3_{k}"].Bytes.ToArray(), Regions.Dilate(Regions.Erode(mask, width, 1, outside: 1), width, 1));
        Assert.Equal(tensors[$"closed3_{k}"].Bytes.ToArray(), Regions.Erode(Regions.Dilate(mask, width, 1), width, 1, outside: 1));
    }

    [Theory]
    [InlineData("euclidean", nameof(DistanceMetric.Euclidean), false)]
    [InlineData("padded_euclidean", nameof(DistanceMetric.Euclidean), true)]
    [InlineData("chessboard", nameof(DistanceMetric.Chessboard), false)]
    [InlineData("taxicab", nameof(DistanceMetric.Taxicab), false)]
    public void Distances_equal_scipy(string name, string metric, bool clearOutside)
    {
        var tensors = Golden.Tensors("golden", "images", "regions.safetensors");
        for (var k = 0; tensors.TryGet($"mask_{k}", out var mask); k++)
        {
            var expected = tensors[$"{name}_{k}"];
            double[] wanted =
                expected.DataType == "F64"
                    ? MemoryMarshal.Cast<byte, double>(expected.Bytes.Span).ToArray()
                    : [.. expected.ToInt64s().Select(v => (double)v)];
            var measured = DistanceMap.Measure(mask!.Bytes.Span, (int)mask.Shape[1], Enum.Parse<DistanceMetric>(metric), clearOutside);
            for (var i = 0; i < measured.Length; i++)
                Assert.Equal(wanted[i], double.IsPositiveInfinity(measured[i]) ? -1 : measured[i], 1e-6);
        }
    }

    [Fact]
    public void Small_regions_go_and_large_ones_stay()
    {
        byte[] mask = [1, 0, 1, 1, 0, 0, 1, 1];
        Regions.RemoveSmall(mask, 4, 2);
        Assert.Equal([0, 0, 1, 1, 0, 0, 1, 1], mask);
    }

    [Fact]
    public void A_hole_larger_than_the_limit_stays()
    {
        byte[] mask = [1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1];
        Regions.FillHoles(mask, 4, maximumPixels: 1);
        Assert.Equal(0, mask[5]);
        Regions.FillHoles(mask, 4);
        Assert.All(mask, v => Assert.Equal(1, v));
    }
}
