using FreeMask.Imaging;
using FreeMask.Vision.Affinity;

namespace FreeMask.Vision.Tests.Affinity;

/// <summary>
/// The mean field of <see cref="DenseCrf"/> with its kernels summed over all pairs of pixels in double precision: what the lattice
/// approximates. Its time grows with the square of the pixels, so it is an oracle for tests and nothing that an image could be cleaned
/// with.
/// </summary>
internal sealed class ExactCrf(RgbImage image, DenseCrfOptions options, bool withSelf)
{
    private readonly int _pixels = image.Width * image.Height;

    /// <summary>Class by class, as <see cref="DenseCrf.Infer"/>.</summary>
    internal float[] Infer(float[] unary, int steps)
    {
        var classes = unary.Length / _pixels;
        var kernel = Normalized(options.GaussianWeight, (a, b) => Position(a, b, options.GaussianSigma));
        var bilateral = Normalized(options.BilateralWeight, (a, b) => Position(a, b, options.BilateralSigma) + Color(a, b));
        for (var i = 0; i < kernel.Length; i++) kernel[i] += bilateral[i];
        var potential = Array.ConvertAll(unary, u => -(double)u);
        var q = Softmax(potential, classes);
        for (var step = 0; step < steps; step++)
        {
            var next = (double[])potential.Clone();
            for (var c = 0; c < classes; c++)
                for (var a = 0; a < _pixels; a++)
                {
                    var sum = 0.0;
                    for (var b = 0; b < _pixels; b++) sum += kernel[(a * _pixels) + b] * q[(c * _pixels) + b];
                    next[(c * _pixels) + a] += sum;
                }

            q = Softmax(next, classes);
        }

        return Array.ConvertAll(q, v => (float)v);
    }

    /// <summary>weight x D^-1/2 K D^-1/2.</summary>
    private double[] Normalized(double weight, Func<int, int, double> squaredDistance)
    {
        var kernel = new double[_pixels * _pixels];
        var sums = new double[_pixels];
        for (var a = 0; a < _pixels; a++)
            for (var b = 0; b < _pixels; b++)
                if (withSelf || a != b) sums[a] += kernel[(a * _pixels) + b] = Math.Exp(-squaredDistance(a, b) / 2);
        for (var a = 0; a < _pixels; a++)
            for (var b = 0; b < _pixels; b++) kernel[(a * _pixels) + b] *= weight / Math.Sqrt(sums[a] * sums[b]);
        return kernel;
    }

    private double Position(int a, int b, double sigma)
    {
        int dx = (a % image.Width) - (b % image.Width), dy = (a / image.Width) - (b / image.Width);
        return ((dx * dx) + (dy * dy)) / (sigma * sigma);
    }

    private double Color(int a, int b)
    {
        var sum = 0.0;
        for (var c = 0; c < 3; c++)
            sum += Math.Pow((image.Pixels[(3 * a) + c] - image.Pixels[(3 * b) + c]) / (double)options.ColorSigma, 2);
        return sum;
    }

    private double[] Softmax(double[] logits, int classes)
    {
        var q = new double[logits.Length];
        for (var p = 0; p < _pixels; p++)
        {
            var (largest, sum) = (double.NegativeInfinity, 0.0);
            for (var c = 0; c < classes; c++) largest = Math.Max(largest, logits[(c * _pixels) + p]);
            for (var c = 0; c < classes; c++) sum += q[(c * _pixels) + p] = Math.Exp(logits[(c * _pixels) + p] - largest);
            for (var c = 0; c < classes; c++) q[(c * _pixels) + p] /= sum;
        }

        return q;
    }
}
