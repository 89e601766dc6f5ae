using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Cli.Experiments;

/// <summary>Paints simple forms with exact labels. A pixel belongs to the form that covers its center and was painted last.</summary>
/// <param name="side">Width and height in pixels.</param>
/// <param name="random">The scene's stream.</param>
internal sealed class DomainCanvas(int side, CounterRandom random)
{
    private const double Noise = 9;

    private readonly double[] _colors = new double[3 * side * side];
    private byte _objects;

    /// <summary>The scene's stream.</summary>
    internal CounterRandom Random { get; } = random;

    /// <summary>The class of each pixel.</summary>
    internal LabelMap Labels { get; } = new(side, side);

    /// <summary>The object of each pixel.</summary>
    internal LabelMap Instances { get; } = new(side, side);

    /// <summary>A point at which a form lies inside for the most part.</summary>
    internal (double X, double Y) Anywhere() => (Random.NextDouble(6, side - 6), Random.NextDouble(6, side - 6));

    /// <summary>Paints rows of background.</summary>
    internal void Fill(int from, int to, (int R, int G, int B) dark, (int R, int G, int B) light)
    {
        var color = Color((dark, light));
        for (var y = Math.Max(0, from); y < Math.Min(side, to); y++)
            for (var x = 0; x < side; x++) Set((y * side) + x, 0, 0, color);
    }

    /// <summary>Paints a filled ellipse.</summary>
    /// <param name="classId">Its class.</param>
    /// <param name="center">Its middle.</param>
    /// <param name="radii">Along its own axes, in pixels.</param>
    /// <param name="angle">Its turn, in radians.</param>
    /// <param name="colors">Darkest and lightest color.</param>
    internal void Ellipse(
        byte classId,
        (double X, double Y) center,
        (double X, double Y) radii,
        double angle,
        ((int R, int G, int B) Dark, (int R, int G, int B) Light) colors
    )
    {
        var (sin, cos) = Math.SinCos(angle);
        Paint(classId, colors, (x, y) =>
        {
            var (dx, dy) = (x - center.X, y - center.Y);
            var (u, v) = (((cos * dx) + (sin * dy)) / radii.X, ((cos * dy) - (sin * dx)) / radii.Y);
            return (u * u) + (v * v) <= 1;
        });
    }

    /// <summary>Paints a filled box.</summary>
    internal void Box(
        byte classId,
        (double X, double Y) center,
        (double Width, double Height) size,
        ((int R, int G, int B) Dark, (int R, int G, int B) Light) colors
    ) => Paint(classId, colors, (x, y) => Math.Abs(x - center.X) <= size.Width / 2 && Math.Abs(y - center.Y) <= size.Height / 2);

    /// <summary>The image, with noise.</summary>
    internal RgbImage Develop()
    {
        var image = new RgbImage(side, side);
        for (var i = 0; i < _colors.Length; i++)
            image.Pixels[i] = (byte)Math.Clamp(_colors[i] + (Noise * Random.NextGaussian()), 0, 255);
        return image;
    }

    private void Paint(
        byte classId,
        ((int R, int G, int B) Dark, (int R, int G, int B) Light) colors,
        Func<double, double, bool> covers
    )
    {
        var color = Color(colors);
        var number = (byte)(_objects + 1);
        var any = false;
        for (var y = 0; y < side; y++)
            for (var x = 0; x < side; x++)
                if (covers(x + 0.5, y + 0.5))
                {
                    Set((y * side) + x, classId, number, color);
                    any = true;
                }

        if (any) _objects = number;
    }

    private void Set(int pixel, byte classId, byte instance, double[] color)
    {
        (Labels.Labels[pixel], Instances.Labels[pixel]) = (classId, instance);
        color.CopyTo(_colors, 3 * pixel);
    }

    private double[] Color(((int R, int G, int B) Dark, (int R, int G, int B) Light) range)
    {
        var share = Random.NextDouble();
        double Between(int low, int high) => low + (share * (high - low));
        return
        [
            Between(range.Dark.R, range.Light.R),
            Between(range.Dark.G, range.Light.G),
            Between(range.Dark.B, range.Light.B),
        ];
    }
}
