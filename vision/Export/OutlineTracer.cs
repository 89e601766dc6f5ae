using FreeMask.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>
/// Outlines of a mask through the indices of its border pixels (Suzuki and Abe, 1985: the borders of each 8-connected part), which is what
/// readers that fill with OpenCV expect: their fill includes the outline. COCO's readers expect outlines along pixel edges instead.
/// </summary>
internal static class OutlineTracer
{
    // Clockwise on the screen, from the right.
    private static readonly (int X, int Y)[] Around = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];

    private const int Right = 0, Left = 4;

    /// <summary>One closed line an object, null where it has no pixel: its parts are joined by bridges between their nearest
    /// points.</summary>
    internal static List<(int X, int Y)>? Object(ReadOnlySpan<byte> mask, int width)
    {
        var parts = Trace(mask, width);
        if (parts.Count == 0) return null;
        var line = parts[0];
        foreach (var part in parts.Skip(1)) line = Join(line, part);
        return line;
    }

    /// <summary>
    /// One closed outline a part, in the order of their first pixels. Holes are part of the line: it goes to each and back through pixels
    /// of the part, so that a fill by the even-odd rule gives the part back, and the way there is no more than outline.
    /// </summary>
    internal static List<List<(int X, int Y)>> Trace(ReadOnlySpan<byte> mask, int width)
    {
        var parts = Regions.Find(mask, width);
        var outlines = new List<List<(int X, int Y)>>(parts.Sizes.Count);
        for (var i = 0; i < parts.Index.Length && outlines.Count < parts.Sizes.Count; i++)
            if (parts.Index[i] == outlines.Count + 1) outlines.Add(Follow(mask, width, (i % width, i / width), Left));
        foreach (var hole in Holes(mask, width))
        {
            // Straight to the left there are pixels of the part alone, up to its outline or to a hole that came earlier in raster order.
            var (x, y) = (hole.X - 1, hole.Y);
            var border = Follow(mask, width, (x, y), Right);
            var line = outlines[parts.Index[(y * width) + x] - 1];
            while (x > 0 && mask[(y * width) + x - 1] != 0) x--;
            line.InsertRange(line.IndexOf((x, y)) + 1, [.. border, border[0], (x, y)]);
        }

        return outlines;
    }

    /// <summary>The first pixel of each hole: of the background's 4-connected regions those that do not reach the image's border.</summary>
    private static IEnumerable<(int X, int Y)> Holes(ReadOnlySpan<byte> mask, int width)
    {
        var background = new byte[mask.Length];
        for (var i = 0; i < background.Length; i++) background[i] = mask[i] == 0 ? (byte)1 : (byte)0;
        var regions = Regions.Find(background, width, Connectivity.Four);
        var (first, open) = (new int[regions.Sizes.Count + 1], new bool[regions.Sizes.Count + 1]);
        for (var i = background.Length - 1; i >= 0; i--)
        {
            var region = regions.Index[i];
            first[region] = i;
            open[region] |= i % width == 0 || i % width == width - 1 || i < width || i >= background.Length - width;
        }

        return Enumerable
            .Range(1, regions.Sizes.Count)
            .Where(region => !open[region])
            .Select(region => (first[region] % width, first[region] / width));
    }

    /// <summary>Goes over from the line to the part at their nearest points, around it, and back.</summary>
    private static List<(int X, int Y)> Join(List<(int X, int Y)> line, List<(int X, int Y)> part)
    {
        var (best, from, to) = (long.MaxValue, 0, 0);
        for (var i = 0; i < line.Count; i++)
        {
            for (var k = 0; k < part.Count; k++)
            {
                long dx = line[i].X - part[k].X, dy = line[i].Y - part[k].Y;
                if ((dx * dx) + (dy * dy) < best) (best, from, to) = ((dx * dx) + (dy * dy), i, k);
            }
        }

        return [.. line[..(from + 1)], .. part[to..], .. part[..(to + 1)], .. line[from..]];
    }

    /// <summary>Follows the border from a pixel whose neighbor in a direction is outside: for an outer border the left one of a part's
    /// first pixel.</summary>
    private static List<(int X, int Y)> Follow(ReadOnlySpan<byte> mask, int width, (int X, int Y) start, int outside)
    {
        var outline = new List<(int X, int Y)> { start };
        if (Next(mask, width, start, outside, clockwise: true) is not { } last) return outline;
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
