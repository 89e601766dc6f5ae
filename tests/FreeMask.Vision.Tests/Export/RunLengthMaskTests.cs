using System.Text.Json;
using FreeMask.Imaging;
using Xunit;

namespace FreeMask.Vision.Tests.Export;

public sealed class RunLengthMaskTests
{
    [Fact]
    public void Masks_equal_pycocotools()
    {
        var tensors = Golden.Tensors("golden", "rle", "rle.safetensors");
        foreach (var entry in Golden.Json("golden", "rle", "rle.json").GetProperty("masks").EnumerateArray())
        {
            var tensor = tensors[entry.GetProperty("tensor").GetString()!];
            var runs = RunLengthMask.Encode(tensor.Bytes.Span, (int)tensor.Shape[1]);
            AssertEqual(entry, runs);
            Assert.Equal(tensor.Bytes.ToArray(), runs.Decode());
            Assert.Equal(
                runs.Counts,
                RunLengthMask.FromCompressed(entry.GetProperty("compressed").GetString()!, runs.Width, runs.Height).Counts
            );
        }
    }

    [Fact]
    public void Polygons_equal_pycocotools()
    {
        foreach (var entry in Golden.Json("golden", "rle", "rle.json").GetProperty("polygons").EnumerateArray())
        {
            var (height, width) = (entry.GetProperty("height").GetInt32(), entry.GetProperty("width").GetInt32());
            var parts = entry.GetProperty("parts").EnumerateArray()
                .Select(p => RunLengthMask.FromPolygon(p.EnumerateArray().Select(e => e.GetDouble()).ToArray(), width, height)).ToList();
            AssertEqual(entry, RunLengthMask.Merge(parts));
        }
    }

    [Fact]
    public void Unions_intersections_and_overlaps_equal_pycocotools()
    {
        var tensors = Golden.Tensors("golden", "rle", "rle.safetensors");
        var expected = Golden.Json("golden", "rle", "rle.json").GetProperty("merge");
        var masks = Enumerable
            .Range(0, 5)
            .Select(i => RunLengthMask.Encode(tensors[$"group_{i}"].Bytes.Span, (int)tensors[$"group_{i}"].Shape[1]))
            .ToArray();
        Assert.Equal(expected.GetProperty("union_of_0_1_2").GetString(), RunLengthMask.Merge(masks[..3]).ToCompressed());
        Assert.Equal(
            expected.GetProperty("intersection_of_0_1_2").GetString(),
            RunLengthMask.Merge(masks[..3], intersect: true).ToCompressed()
        );
        Assert.Equal(expected.GetProperty("union_area").GetInt64(), (long)RunLengthMask.Merge(masks[..3]).Area);
        Assert.Equal(expected.GetProperty("intersection_area").GetInt64(), (long)RunLengthMask.Merge(masks[..3], intersect: true).Area);
        for (var r = 0; r < 3; r++)
            for (var c = 0; c < 2; c++)
            {
                Assert.Equal(expected.GetProperty("iou_rows_0_1_2_columns_3_4")[r][c].GetDouble(), masks[r].Iou(masks[3 + c]), 1e-12);
                Assert.Equal(
                expected.GetProperty("iou_with_column_4_crowd")[r][c].GetDouble(),
                masks[r].Iou(masks[3 + c], crowd: c == 1),
                1e-12
            );
            }

        var boxes = expected.GetProperty("boxes").EnumerateArray().Select(Box).ToArray();
        for (var r = 0; r < 3; r++)
            for (var c = 0; c < 3; c++)
            {
                Assert.Equal(expected.GetProperty("box_iou")[r][c].GetDouble(), boxes[r].Iou(boxes[c]), 1e-12);
                Assert.Equal(expected.GetProperty("box_iou_last_two_crowd")[r][c].GetDouble(), boxes[r].Iou(boxes[c], crowd: c > 0), 1e-12);
            }

        var box = Box(expected.GetProperty("box_to_mask").GetProperty("box"));
        double right = box.X + box.Width, bottom = box.Y + box.Height;
        double[] outline = [box.X, box.Y, box.X, bottom, right, bottom, right, box.Y];
        var mask = RunLengthMask.FromPolygon(outline, (int)tensors["box"].Shape[1], (int)tensors["box"].Shape[0]);
        Assert.Equal(tensors["box"].Bytes.ToArray(), mask.Decode());
    }

    [Fact]
    public void Outlines_along_pixel_edges_give_the_mask_back_and_those_through_indices_do_not()
    {
        var tensors = Golden.Tensors("golden", "rle", "rle.safetensors");
        foreach (var entry in Golden.Json("golden", "rle", "rle.json").GetProperty("outlines").EnumerateArray())
        {
            var (width, height) = (entry.GetProperty("width").GetInt32(), entry.GetProperty("height").GetInt32());
            var mask = RunLengthMask.Encode(tensors[entry.GetProperty("tensor").GetString()!].Bytes.Span, width);
            Assert.Equal(entry.GetProperty("area").GetInt64(), (long)mask.Area);
            Assert.Equal(mask.Counts, Filled("corner_outline").Counts);
            Assert.Equal(entry.GetProperty("coco_iou_of_index_outline").GetDouble(), mask.Iou(Filled("index_outline")), 1e-9);

            RunLengthMask Filled(string name) => RunLengthMask.FromPolygon(Flat(entry.GetProperty(name)), width, height);
        }

        static double[] Flat(JsonElement points) =>
            [
                .. points
                    .EnumerateArray()
                    .SelectMany(p => p.ValueKind == JsonValueKind.Array ? p.EnumerateArray().Select(v => v.GetDouble()) : [p.GetDouble()]),
            ];
    }

    [Theory]
    [InlineData("4111012")]
    public void The_example_of_the_specification(string compressed) =>
        Assert.Equal([0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0], RunLengthMask.FromCompressed(compressed, 5, 3).Decode());

    [Theory]
    [InlineData("4111")]
    [InlineData("o")]
    [InlineData("\u0001\u0002")]
    public void Damaged_strings_are_refused(string compressed) =>
        Assert.Throws<FreeMaskException>(() => RunLengthMask.FromCompressed(compressed, 5, 3));

    private static BoundingBox Box(JsonElement e) => new(e[0].GetDouble(), e[1].GetDouble(), e[2].GetDouble(), e[3].GetDouble());

    private static void AssertEqual(JsonElement entry, RunLengthMask runs)
    {
        Assert.Equal(entry.GetProperty("counts").EnumerateArray().Select(e => e.GetUInt32()), runs.Counts);
        Assert.Equal(entry.GetProperty("compressed").GetString(), runs.ToCompressed());
        Assert.Equal(entry.GetProperty("area").GetInt64(), runs.Area);
        Assert.Equal(Box(entry.GetProperty("bbox")), runs.BoundingBox);
    }
}
