namespace FreeMask.Imaging;

/// <summary>
/// sRGB (D65, 2 degree observer) to CIELAB and back, with the constants of scikit-image's <c>rgb2lab</c> and <c>lab2rgb</c>:
/// L in 0..100, a and b roughly -128..127.
/// </summary>
internal static class LabColor
{
    private const double WhiteX = 0.95047, WhiteZ = 1.08883;

    private static readonly double[] Linear = MakeLinear();

    /// <summary>One sRGB color of 8 bits a channel as L, a, b.</summary>
    public static (double L, double A, double B) FromRgb(byte red, byte green, byte blue)
    {
        double r = Linear[red], g = Linear[green], b = Linear[blue];
        var x = Root(((0.412453 * r) + (0.357580 * g) + (0.180423 * b)) / WhiteX);
        var y = Root((0.212671 * r) + (0.715160 * g) + (0.072169 * b));
        var z = Root(((0.019334 * r) + (0.119193 * g) + (0.950227 * b)) / WhiteZ);
        return ((116 * y) - 16, 500 * (x - y), 200 * (y - z));
    }

    /// <summary>L, a, b as sRGB in 0..1; colors outside of the gamut are clipped.</summary>
    public static (double R, double G, double B) ToRgb(double l, double a, double b)
    {
        var fy = (l + 16) / 116;
        var x = WhiteX * Cube((a / 500) + fy);
        var y = Cube(fy);
        var z = WhiteZ * Cube(Math.Max(0, fy - (b / 200)));
        return (
            Gamma((3.2404813432005266 * x) - (1.5371515162713185 * y) - (0.49853632616888777 * z)),
            Gamma((-0.9692549499965682 * x) + (1.8759900014898907 * y) + (0.04155592655829284 * z)),
            Gamma((0.05564663913517715 * x) - (0.20404133836651123 * y) + (1.0573110696453443 * z)));
    }

    /// <summary>An image as interleaved L, a, b floats (3 x width x height).</summary>
    public static float[] FromRgb(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var pixels = image.Pixels;
        var lab = new float[pixels.Length];
        for (var i = 0; i < pixels.Length; i += 3)
        {
            var (l, a, b) = FromRgb(pixels[i], pixels[i + 1], pixels[i + 2]);
            (lab[i], lab[i + 1], lab[i + 2]) = ((float)l, (float)a, (float)b);
        }

        return lab;
    }

    /// <summary>Interleaved L, a, b floats as an image, rounded to the nearest level and clipped to the gamut.</summary>
    /// <exception cref="ArgumentException">The array does not hold exactly 3 x width x height values.</exception>
    public static RgbImage ToRgb(int width, int height, float[] lab)
    {
        var image = new RgbImage(width, height);
        PixelGrid.RequireLength(lab, image.Pixels.Length, nameof(lab));
        for (var i = 0; i < lab.Length; i += 3)
        {
            var (r, g, b) = ToRgb(lab[i], lab[i + 1], lab[i + 2]);
            (image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2]) = (Level(r), Level(g), Level(b));
        }

        return image;
    }

    private static byte Level(double value) => (byte)((value * 255) + 0.5);

    private static double Root(double t) => t > 0.008856 ? Math.Cbrt(t) : (7.787 * t) + (16.0 / 116);

    private static double Cube(double t) => t > 0.2068966 ? t * t * t : (t - (16.0 / 116)) / 7.787;

    private static double Gamma(double linear) =>
        Math.Clamp(linear > 0.0031308 ? (1.055 * Math.Pow(linear, 1 / 2.4)) - 0.055 : 12.92 * linear, 0, 1);

    private static double[] MakeLinear()
    {
        var table = new double[256];
        for (var i = 0; i < 256; i++)
        {
            var value = i / 255.0;
            table[i] = value > 0.04045 ? Math.Pow((value + 0.055) / 1.055, 2.4) : value / 12.92;
        }

        return table;
    }
}
