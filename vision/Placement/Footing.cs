namespace FreeMask.Vision.Placement;

/// <summary>
/// Whether it shows what objects stand on. Where a nearer object begins right below the feet of another one, that one seems to stand on its
/// back, whatever the distances are.
/// </summary>
internal static class Footing
{
    // The feet are the lowest part of an object's height; the ground must show so far below them, in image heights.
    private const double FootShare = 0.15, GroundBelow = 0.05;

    /// <summary>
    /// For each layer the share of its feet, and of the strip of ground below them, that no nearer object hides. Nearer objects count as
    /// filled between their highest and lowest pixel of each column: between spokes, or legs of a table, nothing can stand.
    /// </summary>
    /// <param name="backToFront">The layers in this order.</param>
    /// <param name="width">Width of the image.</param>
    /// <param name="height">Height of the image.</param>
    internal static double[] Visible(IReadOnlyList<Layer> backToFront, int width, int height)
    {
        var visible = new double[backToFront.Count];
        // Of each column, the rows that the layers seen so far fill.
        var nearer = new List<(int Top, int Bottom)[]>();
        for (var n = backToFront.Count - 1; n >= 0; n--)
        {
            var columns = Columns(backToFront[n], width);
            visible[n] = VisibleShare(backToFront[n], columns, nearer, height);
            nearer.Add(columns);
        }

        return visible;
    }

    private static double VisibleShare(Layer layer, (int Top, int Bottom)[] columns, List<(int Top, int Bottom)[]> nearer, int height)
    {
        var feet = layer.Contact - Math.Max(2, (int)(layer.SolidBox.Height * FootShare));
        var end = Math.Min(height, layer.Contact + (int)Math.Ceiling(height * GroundBelow));
        int all = 0, hidden = 0;
        for (var x = 0; x < columns.Length; x++)
        {
            if (columns[x].Bottom <= feet) continue;
            for (var y = Math.Max(0, feet); y < end; y++)
            {
                all++;
                if (nearer.Exists(other => y >= other[x].Top && y < other[x].Bottom)) hidden++;
            }
        }

        return all == 0 ? 1 : 1 - ((double)hidden / all);
    }

    /// <summary>The first solid row and the first one below the last in each column; both the least number where it has none.</summary>
    private static (int Top, int Bottom)[] Columns(Layer layer, int width)
    {
        var columns = new (int Top, int Bottom)[width];
        Array.Fill(columns, (int.MinValue, int.MinValue));
        for (var sx = Math.Max(0, -layer.X); sx < Math.Min(layer.Sprite.Width, width - layer.X); sx++)
        {
            for (var sy = 0; sy < layer.Sprite.Height; sy++)
            {
                if (layer.Sprite.Alpha[(sy * layer.Sprite.Width) + sx] <= 0.5f) continue;
                ref var column = ref columns[layer.X + sx];
                column = (column.Top == int.MinValue ? layer.Y + sy : column.Top, layer.Y + sy + 1);
            }
        }

        return columns;
    }
}
