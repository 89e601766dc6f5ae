using FreeMask.Imaging;

namespace FreeMask.Vision.Harmonization;

/// <summary>
/// The measures of iHarmony4 (its <c>evaluation.py</c>; composition.md 3.9) over levels of 0..255. The convention compares at 256 x 256;
/// average over images afterwards.
/// </summary>
/// <param name="Mse">Mean squared difference over all pixels and channels.</param>
/// <param name="ForegroundMse">Mean squared difference over the masked pixels and channels (fMSE); 0 for an empty mask.</param>
/// <param name="Psnr">10 log10(255^2 / MSE) in decibels; infinite for equal images.</param>
internal sealed record HarmonizationMetrics(double Mse, double ForegroundMse, double Psnr)
{
    /// <summary>Compares an image with the true one.</summary>
    /// <param name="image">The composite or harmonized image.</param>
    /// <param name="truth">The real image.</param>
    /// <param name="mask">Above 127 where the foreground is.</param>
    /// <exception cref="FreeMaskException">The three differ in size.</exception>
    public static HarmonizationMetrics Compare(RgbImage image, RgbImage truth, LabelMap mask)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(mask);
        if ((image.Width, image.Height) != (truth.Width, truth.Height) || (image.Width, image.Height) != (mask.Width, mask.Height))
            throw new FreeMaskException("Image, true image and mask must be of one size to be compared.");
        long all = 0, foreground = 0, pixels = 0;
        for (var i = 0; i < mask.Labels.Length; i++)
        {
            long squares = 0;
            for (var c = 0; c < 3; c++)
            {
                long d = image.Pixels[(3 * i) + c] - truth.Pixels[(3 * i) + c];
                squares += d * d;
            }

            all += squares;
            if (mask.Labels[i] <= 127) continue;
            foreground += squares;
            pixels++;
        }

        var mse = all / (3.0 * mask.Labels.Length);
        return new HarmonizationMetrics(mse, pixels > 0 ? foreground / (3.0 * pixels) : 0, 10 * Math.Log10(255 * 255 / mse));
    }
}
