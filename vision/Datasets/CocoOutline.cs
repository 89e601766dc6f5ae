using System.Globalization;
using System.Text.Json;
using FreeMask.Imaging;

namespace FreeMask.Vision.Datasets;

/// <summary>The outline of an object: polygons, or run lengths, as COCO writes them.</summary>
internal static class CocoOutline
{
    private const int LeastNumbers = 6;

    // Outlines may leave the image a little; one that is far outside is a mistake, and walking along it takes memory for each pixel of its
    // length.
    private const int Reach = 10;

    /// <summary>Whether a list of polygons has one: corners that are fewer than three enclose nothing, and are passed over.</summary>
    internal static bool HasPolygon(JsonElement polygons) => polygons.EnumerateArray().Any(IsPolygon);

    /// <summary>The mask of an object.</summary>
    /// <exception cref="FormatException">The outline is damaged, or belongs to an image of another size.</exception>
    internal static RunLengthMask Read(JsonElement segmentation, int width, int height) => segmentation.ValueKind == JsonValueKind.Array
        ? RunLengthMask.Merge([.. segmentation.EnumerateArray().Where(IsPolygon).Select(polygon => Polygon(polygon, width, height))])
        : Runs(segmentation, width, height);

    private static bool IsPolygon(JsonElement polygon) => polygon.GetArrayLength() >= LeastNumbers;

    private static RunLengthMask Polygon(JsonElement polygon, int width, int height)
    {
        double[] numbers = [.. polygon.EnumerateArray().Select(v => v.GetDouble())];
        if (numbers.Length % 2 != 0)
            throw new FormatException($"a polygon has {numbers.Length} coordinates; it needs two for each corner");
        var side = Math.Max(width, height);
        var stray = Array.FindIndex(numbers, v => !(v >= -Reach * side && v <= (1 + Reach) * side));
        if (stray >= 0)
            throw new FormatException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"a polygon has the coordinate {numbers[stray]}, far outside of the image of {width} x {height}"
                )
            );
        return RunLengthMask.FromPolygon(numbers, width, height);
    }

    private static RunLengthMask Runs(JsonElement segmentation, int width, int height)
    {
        if (segmentation.TryGetProperty("size", out var size))
        {
            int[] sides = [.. size.EnumerateArray().Select(v => (int)v.GetDouble())];
            if (sides.Length != 2 || sides[0] != height || sides[1] != width)
                throw new FormatException(
                    $"its run lengths are for an image of {string.Join(" x ", sides.Reverse())}, this one is {width} x {height}"
                );
        }

        var counts = segmentation.GetProperty("counts");
        return counts.ValueKind == JsonValueKind.String
            ? RunLengthMask.FromCompressed(counts.GetString()!, width, height)
            : new RunLengthMask(width, height, counts.EnumerateArray().Select(c => c.GetUInt32()));
    }
}
