using System.Buffers;
using System.Text;

namespace FreeMask.Imaging;

/// <summary>A box in pixels: left, top, width, height; fractions allowed.</summary>
internal readonly record struct BoundingBox(double X, double Y, double Width, double Height)
{
    /// <summary>Overlap as COCO counts it: over the union, or over this box where the other is a crowd.</summary>
    public double Iou(BoundingBox other, bool crowd = false)
    {
        var w = Math.Min(X + Width, other.X + other.Width) - Math.Max(X, other.X);
        var h = Math.Min(Y + Height, other.Y + other.Height) - Math.Max(Y, other.Y);
        if (w <= 0 || h <= 0) return 0;
        var (area, own) = (w * h, Width * Height);
        return area / (crowd ? own : own + (other.Width * other.Height) - area);
    }
}

/// <summary>
/// A binary mask as COCO's run lengths: column by column from the top left, first the number of zeros (cocoapi, <c>maskApi.c</c>).
/// </summary>
internal sealed class RunLengthMask
{
    private readonly uint[] _counts;

    /// <summary>Wraps run lengths.</summary>
    /// <exception cref="FreeMaskException">They do not add up to width x height.</exception>
    public RunLengthMask(int width, int height, IEnumerable<uint> counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        (Width, Height, _counts) = (width, height, [.. counts]);
        var total = _counts.Sum(c => (long)c);
        if (total != (long)width * height)
            throw new FreeMaskException($"A run-length mask covers {total} pixels, but its size is {width} x {height}.");
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Run lengths, zeros first.</summary>
    public IReadOnlyList<uint> Counts => _counts;

    /// <summary>Pixels of the mask.</summary>
    public long Area
    {
        get
        {
            long area = 0;
            for (var i = 1; i < _counts.Length; i += 2) area += _counts[i];
            return area;
        }
    }

    /// <summary>The smallest box around the mask; all zero where it is empty.</summary>
    public BoundingBox BoundingBox
    {
        get
        {
            long left = Width, top = Height, right = -1, bottom = -1, at = 0;
            for (var i = 0; i < _counts.Length; i++)
            {
                var (first, last) = (at, at + _counts[i] - 1);
                at += _counts[i];
                if (i % 2 == 0 || _counts[i] == 0) continue;
                (left, right) = (Math.Min(left, first / Height), Math.Max(right, last / Height));
                var sameColumn = first / Height == last / Height;
                top = Math.Min(top, sameColumn ? first % Height : 0);
                bottom = Math.Max(bottom, sameColumn ? last % Height : Height - 1);
            }

            return right < 0 ? default : new BoundingBox(left, top, right - left + 1, bottom - top + 1);
        }
    }

    /// <summary>Encodes a row-major mask, 0 or not 0.</summary>
    public static RunLengthMask Encode(ReadOnlySpan<byte> mask, int width)
    {
        var height = mask.Length / width;
        var columns = ArrayPool<byte>.Shared.Rent(mask.Length);
        try
        {
            Transpose(mask, columns, width, height);
            var counts = new List<uint>();
            var rest = columns.AsSpan(0, mask.Length);
            for (var current = false; ; current = !current)
            {
                var run = current ? rest.IndexOf((byte)0) : rest.IndexOfAnyExcept((byte)0);
                counts.Add((uint)(run < 0 ? rest.Length : run));
                if (run < 0) return new RunLengthMask(width, height, counts);
                rest = rest[run..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(columns);
        }
    }

    /// <summary>The mask of a polygon (x, y, x, y ...), drawn as pycocotools does.</summary>
    public static RunLengthMask FromPolygon(ReadOnlySpan<double> polygon, int width, int height) =>
        new(width, height, PolygonRuns.Rasterize(polygon, width, height));

    /// <summary>Reads COCO's compressed string.</summary>
    /// <exception cref="FreeMaskException">The string is damaged or does not fit the size.</exception>
    public static RunLengthMask FromCompressed(string text, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(text);
        var counts = new List<uint>();
        var position = 0;
        while (position < text.Length)
        {
            long value = 0;
            var shift = 0;
            bool more;
            do
            {
                var group = position < text.Length ? text[position++] - 48 : -1;
                if (group is < 0 or > 63 || shift > 40) throw new FreeMaskException("A compressed run-length mask is damaged.");
                value |= (long)(group & 0x1F) << shift;
                more = (group & 0x20) != 0;
                shift += 5;
                if (!more && (group & 0x10) != 0) value |= -1L << shift;
            }
            while (more);

            // From the fourth on, counts are differences to the one two before.
            if (counts.Count > 2) value += counts[^2];
            if (value is < 0 or > uint.MaxValue) throw new FreeMaskException("A compressed run-length mask is damaged.");
            counts.Add((uint)value);
        }

        return new RunLengthMask(width, height, counts);
    }

    /// <summary>COCO's compressed string.</summary>
    public string ToCompressed()
    {
        var text = new StringBuilder(_counts.Length * 2);
        for (var i = 0; i < _counts.Length; i++)
        {
            long value = _counts[i];
            if (i > 2) value -= _counts[i - 2];
            bool more;
            do
            {
                var group = (int)(value & 0x1F);
                value >>= 5;
                more = (group & 0x10) != 0 ? value != -1 : value != 0;
                text.Append((char)((more ? group | 0x20 : group) + 48));
            }
            while (more);
        }

        return text.ToString();
    }

    /// <summary>The row-major mask, 0 or 1.</summary>
    public byte[] Decode()
    {
        var mask = new byte[Width * Height];
        int x = 0, y = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            var left = (int)_counts[i];
            while (left > 0)
            {
                // What of the run lies in this column.
                var part = Math.Min(left, Height - y);
                if (i % 2 == 1)
                    for (var at = (y * Width) + x; at < ((y + part) * Width) + x; at += Width) mask[at] = 1;
                left -= part;
                y += part;
                if (y == Height) (x, y) = (x + 1, 0);
            }
        }

        return mask;
    }

    // Row by row to column by column, in blocks that stay in the cache.
    private static void Transpose(ReadOnlySpan<byte> rows, Span<byte> columns, int width, int height)
    {
        const int Block = 32;
        for (var top = 0; top < height; top += Block)
            for (var left = 0; left < width; left += Block)
            {
                var (bottom, right) = (Math.Min(height, top + Block), Math.Min(width, left + Block));
                for (var x = left; x < right; x++)
                    for (var y = top; y < bottom; y++) columns[(x * height) + y] = rows[(y * width) + x];
            }
    }

    /// <summary>The union of masks of one size, or their intersection.</summary>
    /// <exception cref="ArgumentException">There is no mask, or the sizes differ.</exception>
    public static RunLengthMask Merge(IReadOnlyList<RunLengthMask> masks, bool intersect = false)
    {
        ArgumentNullException.ThrowIfNull(masks);
        if (masks.Count == 0) throw new ArgumentException("There is nothing to merge.", nameof(masks));
        if (masks.Count == 1) return masks[0];
        var result = masks[0].Decode();
        foreach (var mask in masks.Skip(1))
        {
            masks[0].RequireSameSize(mask);
            var other = mask.Decode();
            for (var i = 0; i < result.Length; i++) result[i] = (byte)(intersect ? result[i] & other[i] : result[i] | other[i]);
        }

        return Encode(result, masks[0].Width);
    }

    /// <summary>Pixels in both masks.</summary>
    public long Intersection(RunLengthMask other)
    {
        ArgumentNullException.ThrowIfNull(other);
        RequireSameSize(other);
        long area = 0;
        int i = 0, j = 0;
        long left = 0, right = 0;
        while (true)
        {
            while (left == 0 && i < _counts.Length) left = _counts[i++];
            while (right == 0 && j < other._counts.Length) right = other._counts[j++];
            if (left == 0 || right == 0) return area;
            var step = Math.Min(left, right);
            if (i % 2 == 0 && j % 2 == 0) area += step;
            left -= step;
            right -= step;
        }
    }

    /// <summary>Overlap as COCO counts it: over the union, or over this mask (the detection) where the other is a crowd.</summary>
    public double Iou(RunLengthMask other, bool crowd = false)
    {
        var both = Intersection(other);
        return both == 0 ? 0 : (double)both / (crowd ? Area : Area + other.Area - both);
    }

    private void RequireSameSize(RunLengthMask other)
    {
        if ((other.Width, other.Height) != (Width, Height))
            throw new ArgumentException($"The masks differ in size: {Width} x {Height} and {other.Width} x {other.Height}.");
    }
}
