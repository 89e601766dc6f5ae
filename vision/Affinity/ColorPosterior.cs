using FreeMask.Imaging;

namespace FreeMask.Vision.Affinity;

/// <summary>
/// Two color histograms, of object and of background, made from a soft map and turned back on the image: each pixel's log odds are those
/// of the map plus those of its color (a soft GrabCut with histograms in place of Gaussian mixtures).
/// </summary>
internal static class ColorPosterior
{
    private const int Side = 16;
    private const int Rounds = 2;

    // The map is trusted twice as much as the color; a color alone cannot overrule a certain map.
    private const double MapWeight = 2, ColorLimit = 3;

    /// <summary>The posterior of the object.</summary>
    /// <param name="image">The image.</param>
    /// <param name="map">Soft object map in 0..1, of the same size.</param>
    /// <param name="colorWeight">How much a color's log odds count; 0 leaves the (sharpened) map.</param>
    /// <returns>Probabilities in 0..1.</returns>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static FloatMap Compute(RgbImage image, FloatMap map, double colorWeight)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(map);
        if ((map.Width, map.Height) != (image.Width, image.Height))
            throw new ArgumentException($"The map is {map.Width} x {map.Height}, the image {image.Width} x {image.Height}.", nameof(map));
        var bins = new int[map.Values.Length];
        for (var i = 0; i < bins.Length; i++)
            bins[i] =
                ((((image.Pixels[3 * i] / Side) * Side) + (image.Pixels[(3 * i) + 1] / Side)) * Side) + (image.Pixels[(3 * i) + 2] / Side);

        var current = map.Clone();
        for (var round = 0; round < Rounds; round++)
        {
            var odds = ColorOdds(bins, current.Values);
            for (var i = 0; i < bins.Length; i++)
            {
                var prior = Math.Clamp(map.Values[i], 0.02, 0.98);
                var logit = (MapWeight * Math.Log(prior / (1 - prior))) + (colorWeight * odds[bins[i]]);
                current.Values[i] = (float)(1 / (1 + Math.Exp(-logit)));
            }
        }

        return current;
    }

    private static double[] ColorOdds(int[] bins, float[] map)
    {
        double[] inside = new double[Side * Side * Side], outside = new double[Side * Side * Side];
        double insideTotal = 0, outsideTotal = 0;
        for (var i = 0; i < bins.Length; i++)
        {
            // Undecided pixels count for both sides.
            var weight = Math.Clamp((map[i] - 0.25) / 0.5, 0, 1);
            inside[bins[i]] += weight;
            outside[bins[i]] += 1 - weight;
            insideTotal += weight;
            outsideTotal += 1 - weight;
        }

        (inside, outside) = (Blur(inside), Blur(outside));
        var odds = new double[inside.Length];
        for (var i = 0; i < odds.Length; i++)
            odds[i] = Math.Clamp(
                Math.Log((inside[i] + 1e-3) / (insideTotal + 1) * (outsideTotal + 1) / (outside[i] + 1e-3)),
                -ColorLimit,
                ColorLimit
            );
        return odds;
    }

    // (1/4, 1/2, 1/4) along each color axis, so that a shade between two bins is known to both.
    private static double[] Blur(double[] histogram)
    {
        foreach (var stride in (ReadOnlySpan<int>)[1, Side, Side * Side])
        {
            var blurred = new double[histogram.Length];
            for (var i = 0; i < histogram.Length; i++)
            {
                var at = i / stride % Side;
                blurred[i] =
                    (0.5 * histogram[i]) + (at > 0 ? 0.25 * histogram[i - stride] : 0) + (at < Side - 1 ? 0.25 * histogram[i + stride] : 0);
            }

            histogram = blurred;
        }

        return histogram;
    }
}
