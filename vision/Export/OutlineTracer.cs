using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>
/// Outer outlines of a mask through the indices of its border pixels (Suzuki and Abe, 1985: the outer border of each 8-connected part), which is what
/// readers that fill with OpenCV expect: their fill includes the outline. COCO's readers expect outlines along pixel edges instead.
/// </summary>
internal static class OutlineTracer
{
    // Clockwise on the screen, from the right.
    private static readonly (int X, int Y)[] Around = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];

    private const int Left = 4;

    /// <summary>One closed outline a part, in the order of their first pixels; holes are not outlined.</summary>
    internal static List<List<(int X, int Y)>> Trace(ReadOnlySpan<byte> mask, int width)
    {
        var parts = Regions.Find(mask, width);
        var outlines = new List<List<(int X, int Y)>>(parts.Sizes.Count);
        for (var i = 0; i < parts.Index.Length && outlines.Count < parts.Sizes.Count; i++)
            if (parts.Index[i] == outlines.Count + 1) outlines.Add(Follow(mask, width, (i % width, i / width)));
        return outlines;
    }

    /// <summary>Follows the border from a part's first pixel, whose left neighbour is outside.</summary>
    private static List<(int X, int Y)> Follow(ReadOnlySpan<byte> mask, int width, (int X, int Y) start)
    {
        var outline = new List<(int X, int Y)> { start };
        if (Next(mask, width, start, Left, clockwise: true) is not { } last) return outline;
        var (previous, at) = (last, start);
        while (Next(mask, width, at, Direction(at, previous), clockwise: false) is { } next && !(next == start && at == last))
        {
            outline.Add(next);
            (previous, at) = (at, next);
        }

        return outline;
    }

    /// <summary>The first pixel of the mask around a pixel, after a direction.</summary>
    private static (int X, int Y)? Next(ReadOnlySpan<byte> mask, int width, (int X, int Y) at, int from, bool clockwise)
    {
        for (var turn = 1; turn <= Around.Length; turn++)
        {
            var (dx, dy) = Around[(from + (clockwise ? turn : Around.Length - turn)) % Around.Length];
            var (x, y) = (at.X + dx, at.Y + dy);
            if (x >= 0 && x < width && y >= 0 && y < mask.Length / width && mask[(y * width) + x] != 0) return (x, y);
        }

        return null;
    }

    private static int Direction((int X, int Y) from, (int X, int Y) to) => Array.IndexOf(Around, (to.X - from.X, to.Y - from.Y));
}
