using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class SegmentationScoresTests
{
    [Fact]
    public void Counts_and_measures_equal_the_references()
    {
        for (var k = 0; k < Count(); k++)
        {
            var (matrix, entry, _, _) = Case(k);
            AssertMatrix(matrix, entry);
            AssertScores(matrix.Scores(), entry);
        }
    }

    [Fact]
    public void A_data_set_is_one_matrix_and_not_a_mean_of_images()
    {
        var entry = Golden.Json("golden", "metrics", "semantic.json").GetProperty("dataset_of_21_class_cases");
        var images = entry.GetProperty("cases").EnumerateArray().Select(k => Case(k.GetInt32()).Matrix).ToList();
        var matrix = new ConfusionMatrix(images[0].Classes);
        foreach (var image in images) matrix.Add(image);
        Assert.Equal(entry.GetProperty("mean_of_image_mious_for_contrast").GetDouble(), images.Average(p => p.Scores().MeanIou), 1e-9);
        AssertMatrix(matrix, entry);
        AssertScores(matrix.Scores(), entry);
    }

    [Fact]
    public void Boundaries_equal_the_references()
    {
        for (var k = 0; k < Count(); k++) CompareBoundaries(k);
    }

    private static void CompareBoundaries(int k)
    {
        var (matrix, entry, truth, prediction) = Case(k);
        var expected = entry.GetProperty("boundary");
        var counts = BoundaryScores.Iou(truth, prediction, matrix.Classes);
        foreach (var row in expected.GetProperty("per_class").EnumerateArray())
        {
            var c = row.GetProperty("class").GetInt32();
            Assert.Equal(row.GetProperty("intersection").GetInt64(), counts[c].Intersection);
            Assert.Equal(row.GetProperty("union").GetInt64(), counts[c].Union);
            var f = BoundaryScores.F(truth, prediction, c);
            AssertNear(row.GetProperty("boundary_f").GetProperty("precision"), f.Precision);
            AssertNear(row.GetProperty("boundary_f").GetProperty("recall"), f.Recall);
            AssertNear(row.GetProperty("boundary_f").GetProperty("f"), f.F);
        }

        AssertNear(
            expected.GetProperty("mean_boundary_iou"),
            counts.Select(c => c.Iou).Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Average()
        );
    }

    [Fact]
    public void A_prediction_of_void_is_a_miss_and_nobodys_false_alarm()
    {
        var matrix = new ConfusionMatrix(2);
        matrix.Add(new LabelMap(4, 1, [1, 1, 0, 255]), new LabelMap(4, 1, [1, 255, 0, 1]));
        Assert.Equal(0.5, matrix.Scores().Iou[1]);
        Assert.Equal(1, matrix.Scores().Iou[0]);
        Assert.Equal(3, matrix.Scores().ValidPixels);
    }

    [Fact]
    public void A_class_that_is_not_there_is_refused() =>
        Assert.Contains(
            "7",
            Assert.Throws<FreeMaskException>(() => new ConfusionMatrix(3).Add(new LabelMap(1, 1, [7]), new LabelMap(1, 1))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Maps_of_different_sizes_are_refused() =>
        Assert.Throws<ArgumentException>(() => new ConfusionMatrix(3).Add(new LabelMap(1, 2), new LabelMap(2, 1)));

    private static int Count() => Golden.Json("golden", "metrics", "semantic.json").GetProperty("cases").GetArrayLength();

    private static (ConfusionMatrix Matrix, JsonElement Entry, LabelMap Truth, LabelMap Prediction) Case(int k)
    {
        var entry = Golden.Json("golden", "metrics", "semantic.json").GetProperty("cases")[k];
        var tensors = Golden.Tensors("golden", "metrics", "semantic.safetensors");
        var (truth, prediction) = (Golden.Labels(tensors[$"truth_{k}"]), Golden.Labels(tensors[$"prediction_{k}"]));
        var matrix = new ConfusionMatrix(entry.GetProperty("classes").GetInt32());
        matrix.Add(truth, prediction);
        return (matrix, entry, truth, prediction);
    }

    private static void AssertMatrix(ConfusionMatrix matrix, JsonElement entry)
    {
        var expected = entry.GetProperty("confusion");
        for (var t = 0; t < matrix.Classes; t++)
            for (var p = 0; p < matrix.Classes; p++) Assert.Equal(expected[t][p].GetInt64(), matrix[t, p]);
    }

    private static void AssertScores(SegmentationScores scores, JsonElement entry)
    {
        AssertNear(entry.GetProperty("iou"), scores.Iou);
        AssertNear(entry.GetProperty("accuracy"), scores.Accuracy);
        AssertNear(entry.GetProperty("precision"), scores.Precision);
        AssertNear(entry.GetProperty("dice"), scores.Dice);
        AssertNear(entry.GetProperty("miou"), scores.MeanIou);
        AssertNear(entry.GetProperty("miou_over_classes_in_truth"), scores.MeanIouOverTruth);
        AssertNear(entry.GetProperty("pixel_accuracy"), scores.PixelAccuracy);
        AssertNear(entry.GetProperty("mean_accuracy"), scores.MeanAccuracy);
        AssertNear(entry.GetProperty("frequency_weighted_iou"), scores.FrequencyWeightedIou);
        Assert.Equal(entry.GetProperty("valid_classes").GetInt32(), scores.ValidClasses);
        Assert.Equal(entry.GetProperty("valid_pixels").GetInt64(), scores.ValidPixels);
        if (!entry.TryGetProperty("zero_shot", out var expected)) return;
        var zeroShot = ZeroShotScores.From(scores.Iou, ZeroShotScores.VocSeen, ZeroShotScores.VocUnseen);
        AssertNear(expected.GetProperty("seen"), zeroShot.Seen);
        AssertNear(expected.GetProperty("unseen"), zeroShot.Unseen);
        AssertNear(expected.GetProperty("harmonic"), zeroShot.Harmonic);
        AssertNear(expected.GetProperty("seen_with_background"), zeroShot.SeenWithBackground);
        AssertNear(expected.GetProperty("harmonic_with_background"), zeroShot.HarmonicWithBackground);
    }

    private static void AssertNear(JsonElement expected, IReadOnlyList<double> actual)
    {
        Assert.Equal(expected.GetArrayLength(), actual.Count);
        for (var i = 0; i < actual.Count; i++) AssertNear(expected[i], actual[i]);
    }

    private static void AssertNear(JsonElement expected, double actual)
    {
        if (expected.ValueKind == JsonValueKind.Null) Assert.True(double.IsNaN(actual), $"expected nan, got {actual}");
        else Assert.Equal(expected.GetDouble(), actual, 1e-9);
    }
}
