using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class InstanceScoresTests
{
    [Theory]
    [InlineData("segm")]
    [InlineData("bbox")]
    public void The_twelve_numbers_equal_pycocotools(string kind)
    {
        var expected = Golden.Json("golden", "metrics", "instances", "expected.json");
        var truth = Golden
            .Json("golden", "metrics", "instances", "truth.json")
            .GetProperty("annotations")
            .EnumerateArray()
            .Select(a => new InstanceTruth(
                Image(a),
                Category(a),
                Shape(a, kind),
                a.GetProperty("area").GetDouble(),
                a.GetProperty("iscrowd").GetInt32() == 1
            ))
            .ToList();
        var detections = Golden.Json("golden", "metrics", "instances", "detections.json").EnumerateArray()
            .Select(d => new InstanceDetection(Image(d), Category(d), Shape(d, kind), d.GetProperty("score").GetDouble())).ToList();

        var scores = InstanceScores.Compute(truth, detections);
        double[] actual =
        [
            scores.Ap,
            scores.Ap50,
            scores.Ap75,
            scores.ApSmall,
            scores.ApMedium,
            scores.ApLarge,
            scores.Ar1,
            scores.Ar10,
            scores.Ar100,
            scores.ArSmall,
            scores.ArMedium,
            scores.ArLarge,
        ];
        var numbers = expected.GetProperty(kind).EnumerateArray().Select(v => v.GetDouble()).ToArray();
        for (var i = 0; i < numbers.Length; i++) Assert.Equal(numbers[i], actual[i], 1e-9);
        Assert.Equal(
            expected.GetProperty($"{kind}_ap_per_class").EnumerateArray().Select(v => Math.Round(v.GetDouble(), 9)),
            scores.ApByCategory.Values.Select(v => Math.Round(v, 9))
        );
    }

    [Fact]
    public void A_range_without_objects_is_minus_one()
    {
        var box = new InstanceShape.OfBox(new BoundingBox(0, 0, 10, 10));
        var scores = InstanceScores.Compute([new InstanceTruth(1, 1, box, 100)], [new InstanceDetection(1, 1, box, 0.5)]);
        Assert.Equal(1, scores.Ap, 1e-9);
        Assert.Equal(1, scores.ApSmall, 1e-9);
        Assert.Equal(-1, scores.ApLarge);
    }

    private static long Image(JsonElement item) => item.GetProperty("image_id").GetInt64();

    private static int Category(JsonElement item) => item.GetProperty("category_id").GetInt32();

    private static InstanceShape Shape(JsonElement item, string kind)
    {
        if (kind == "bbox")
        {
            var box = item.GetProperty("bbox").EnumerateArray().Select(v => v.GetDouble()).ToArray();
            return new InstanceShape.OfBox(new BoundingBox(box[0], box[1], box[2], box[3]));
        }

        var mask = item.GetProperty("segmentation");
        return new InstanceShape.OfMask(
            RunLengthMask.FromCompressed(
                mask.GetProperty("counts").GetString()!,
                mask.GetProperty("size")[1].GetInt32(),
                mask.GetProperty("size")[0].GetInt32()
            )
        );
    }
}
