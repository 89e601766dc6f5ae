namespace FreeMask.Imaging;

/// <summary>
/// Polygon to run lengths exactly as <c>rleFrPoly</c> of cocoapi's <c>maskApi.c</c>: the outline is walked on a grid five times finer, the
/// points where it crosses a column's center are brought back to pixels, and their sorted positions are the ends of the runs.
/// </summary>
internal static class PolygonRuns
{
    private const double Scale = 5;

    internal static List<uint> Rasterize(ReadOnlySpan<double> polygon, int width, int height)
    {
        var outline = Walk(polygon);
        var ends = new List<uint>();
        for (var j = 1; j < outline.Count; j++)
        {
            var ((u, v), (previousU, previousV)) = (outline[j], outline[j - 1]);
            if (u == previousU) continue;
            var x = ((u < previousU ? u : u - 1) + 0.5) / Scale - 0.5;
            if (Math.Floor(x) != x || x < 0 || x > width - 1) continue;
            var y = (Math.Min(v, previousV) + 0.5) / Scale - 0.5;
            ends.Add((uint)(((int)x * height) + (int)Math.Ceiling(Math.Clamp(y, 0, height))));
        }

        ends.Add((uint)(width * height));
        ends.Sort();
        return ToRuns(ends);
    }

    private static List<(int U, int V)> Walk(ReadOnlySpan<double> polygon)
    {
        var corners = polygon.Length / 2;
        var outline = new List<(int U, int V)>();
        for (var j = 0; j < corners; j++)
        {
            var next = (j + 1) % corners;
            int startX = Fine(polygon[2 * j]),
                startY = Fine(polygon[(2 * j) + 1]),
                endX = Fine(polygon[2 * next]),
                endY = Fine(polygon[(2 * next) + 1]);
            int dx = Math.Abs(endX - startX), dy = Math.Abs(startY - endY);
            // Always walked in the direction of the longer axis, so that an edge gives the same points both ways.
            var flip = (dx >= dy && startX > endX) || (dx < dy && startY > endY);
            if (flip) (startX, endX, startY, endY) = (endX, startX, endY, startY);
            var slope = dx >= dy ? (double)(endY - startY) / dx : (double)(endX - startX) / dy;
            var length = Math.Max(dx, dy);
            for (var d = 0; d <= length; d++)
            {
                var t = flip ? length - d : d;
                outline.Add(dx >= dy ? (t + startX, (int)(startY + (slope * t) + 0.5)) : ((int)(startX + (slope * t) + 0.5), t + startY));
            }
        }

        return outline;
    }

    // Differences of the sorted ends; a pair of equal ends is an empty run and joins its neighbors.
    private static List<uint> ToRuns(List<uint> ends)
    {
        for (var j = ends.Count - 1; j > 0; j--) ends[j] -= ends[j - 1];
        var runs = new List<uint> { ends[0] };
        for (var j = 1; j < ends.Count; j++)
        {
            if (ends[j] > 0) runs.Add(ends[j]);
            else if (++j < ends.Count) runs[^1] += ends[j];
        }

        return runs;
    }

    private static int Fine(double value) => (int)((Scale * value) + 0.5);
}
