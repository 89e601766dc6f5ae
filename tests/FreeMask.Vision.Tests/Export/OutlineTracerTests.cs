using CsCheck;
using FreeMask.Vision.Export;
using Xunit;

namespace FreeMask.Vision.Tests.Export;

public sealed class OutlineTracerTests
{
    [Fact]
    public void Outlines_pass_through_the_corners_that_opencv_finds_and_give_the_region_back_when_filled()
    {
        var tensors = Golden.Tensors("golden", "rle", "rle.safetensors");
        foreach (var item in Golden.Json("golden", "rle", "rle.json").GetProperty("outlines").EnumerateArray())
        {
            var mask = tensors[item.GetProperty("tensor").GetString()!].Bytes.ToArray();
            var width = item.GetProperty("width").GetInt32();
            var outline = Assert.Single(OutlineTracer.Trace(mask, width));
            var corners = item.GetProperty("index_outline").EnumerateArray().Select(p => (p[0].GetInt32(), p[1].GetInt32()));
            Assert.Subset(outline.ToHashSet(), corners.ToHashSet());
            Assert.Equal(mask, Fill(outline, width, mask.Length / width));
        }
    }

    [Fact]
    public void Small_and_thin_parts_have_outlines_of_their_own()
    {
        // One pixel; a horizontal line of three; a square with a hole.
        byte[] mask =
        [
            1, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 1, 1, 1, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0,
            0, 1, 1, 1, 0, 0, 0, 0,
            0, 1, 0, 1, 0, 0, 0, 0,
            0, 1, 1, 1, 0, 0, 0, 0,
        ];
        var outlines = OutlineTracer.Trace(mask, 8);
        Assert.Equal([[(0, 0)], [(2, 1), (3, 1), (4, 1), (3, 1)]], outlines.Take(2));
        Assert.DoesNotContain((2, 4), outlines[2]);
        Assert.Equal(8, outlines[2].Distinct().Count());
        Assert.Equal(
            mask,
            Fill(outlines[0], 8, 6).Zip(Fill(outlines[1], 8, 6), Fill(outlines[2], 8, 6)).Select(v => (byte)(v.First | v.Second | v.Third))
        );
    }

    [Fact]
    public void A_part_comes_back_from_its_line_with_every_hole() => Gen.Int[0, 100_000].Sample(
        seed =>
        {
            var random = new FreeMask.Randomness.CounterRandom((ulong)seed, "outline");
            var mask = new byte[14 * 11];
            for (var i = 0; i < mask.Length; i++) mask[i] = random.NextDouble() < 0.6 ? (byte)1 : (byte)0;
            var parts = FreeMask.Imaging.Regions.Find(mask, 14);
            var outlines = OutlineTracer.Trace(mask, 14);
            Assert.Equal(parts.Sizes.Count, outlines.Count);
            for (var part = 0; part < outlines.Count; part++)
                Assert.Equal(parts.Index.Select(index => index == part + 1 ? (byte)1 : (byte)0), Fill(outlines[part], 14, 11));
        },
        iter: 300);

    [Fact]
    public void An_object_in_parts_becomes_one_line_that_fills_to_all_of_them()
    {
        var mask = new byte[20 * 12];
        for (var y = 2; y < 7; y++)
            for (var x = 1; x < 6; x++) (mask[(y * 20) + x], mask[(y * 20) + x + 10]) = (1, 1);
        var line = YoloExporter.Outline(mask, 20)!;
        var filled = Fill(line, 20, 12);
        for (var i = 0; i < mask.Length; i++) Assert.True(filled[i] >= mask[i]);
        // The bridge is no wider than a pixel.
        Assert.InRange(filled.Count(v => v != 0) - mask.Count(v => v != 0), 0, 6);
        Assert.Null(YoloExporter.Outline(new byte[4], 2));
        Assert.Equal(3, YoloExporter.Outline([1, 0, 0, 0], 2)!.Count);
    }

    /// <summary>Inside by the even-odd rule, or on the outline, as OpenCV's fillPoly.</summary>
    private static byte[] Fill(List<(int X, int Y)> outline, int width, int height)
    {
        var filled = new byte[width * height];
        for (var i = 0; i < outline.Count; i++)
        {
            var (a, b) = (outline[i], outline[(i + 1) % outline.Count]);
            var steps = Math.Max(1, Math.Max(Math.Abs(b.X - a.X), Math.Abs(b.Y - a.Y)));
            for (var t = 0; t <= steps; t++)
                filled[
                    ((a.Y + (int)Math.Round((b.Y - a.Y) * (double)t / steps)) * width)
                        + a.X
                        + (int)Math.Round((b.X - a.X) * (double)t / steps)
                ] = 1;
        }

        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var inside = false;
                for (var i = 0; i < outline.Count; i++)
                {
                    var (a, b) = (outline[i], outline[(i + 1) % outline.Count]);
                    if (a.Y > y != b.Y > y && x < ((double)(b.X - a.X) * (y - a.Y) / (b.Y - a.Y)) + a.X) inside = !inside;
                }

                if (inside) filled[(y * width) + x] = 1;
            }
        }

        return filled;
    }
}
