namespace FreeMask.Vision.Placement;

/// <summary>
/// One object of an image in the making. Nearer objects have a lower contact line and hide those behind. The background's own objects are
/// layers too: they are in the image already, and are laid over anew where something was pasted behind them.
/// </summary>
/// <param name="Sprite">Outline and, unless it is the background's own, colors.</param>
/// <param name="X">Left edge in the image.</param>
/// <param name="Y">Top edge in the image.</param>
/// <param name="ClassId">VOC index.</param>
/// <param name="Instance">Number in the instance map.</param>
/// <param name="Order">Age: breaks ties of the contact line, the newer in front.</param>
/// <param name="IsOwn">Whether it is the background's own.</param>
internal sealed record Layer(Sprite Sprite, int X, int Y, byte ClassId, byte Instance, int Order, bool IsOwn)
{
    /// <summary>The box of the pixels that are more object than background; all of the object where none is.</summary>
    internal PixelBox SolidBox { get; } = SolidPart(Sprite, X, Y);

    /// <summary>The first row below the object.</summary>
    internal int Contact => SolidBox.Bottom;

    /// <summary>Opacity at a pixel of the image.</summary>
    internal float AlphaAt(int x, int y)
    {
        int sx = x - X, sy = y - Y;
        return (uint)sx < (uint)Sprite.Width && (uint)sy < (uint)Sprite.Height ? Sprite.Alpha[(sy * Sprite.Width) + sx] : 0;
    }

    /// <summary>Back to front.</summary>
    internal static List<Layer> Sort(IEnumerable<Layer> layers) => [.. layers.OrderBy(l => l.Contact).ThenBy(l => l.Order)];

    /// <summary>Per layer, in the given back-to-front order, the number of its solid pixels inside the image and how many of them are
    /// visible.</summary>
    internal static (int Solid, int Visible)[] Visibility(IReadOnlyList<Layer> backToFront, int width, int height)
    {
        var counts = new (int Solid, int Visible)[backToFront.Count];
        var front = new byte[width * height];
        for (var n = backToFront.Count - 1; n >= 0; n--)
        {
            var layer = backToFront[n];
            for (var sy = Math.Max(0, -layer.Y); sy < Math.Min(layer.Sprite.Height, height - layer.Y); sy++)
            {
                for (var sx = Math.Max(0, -layer.X); sx < Math.Min(layer.Sprite.Width, width - layer.X); sx++)
                {
                    if (layer.Sprite.Alpha[(sy * layer.Sprite.Width) + sx] <= 0.5f) continue;
                    ref var hidden = ref front[((layer.Y + sy) * width) + layer.X + sx];
                    counts[n].Solid++;
                    counts[n].Visible += 1 - hidden;
                    hidden = 1;
                }
            }
        }

        return counts;
    }

    private static PixelBox SolidPart(Sprite sprite, int x, int y)
    {
        var (left, top, right, bottom) = (sprite.Width, sprite.Height, 0, 0);
        for (var i = 0; i < sprite.Alpha.Length; i++)
        {
            if (sprite.Alpha[i] <= 0.5f) continue;
            var (column, row) = (i % sprite.Width, i / sprite.Width);
            (left, top) = (Math.Min(left, column), Math.Min(top, row));
            (right, bottom) = (Math.Max(right, column + 1), Math.Max(bottom, row + 1));
        }

        return right == 0 ? new PixelBox(x, y, sprite.Width, sprite.Height) : new PixelBox(x + left, y + top, right - left, bottom - top);
    }
}
