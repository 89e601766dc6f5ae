using FreeMask.Imaging;

namespace FreeMask.Training.Mini.Evaluation;

/// <summary>Properties of an object in an image, by its true mask.</summary>
/// <param name="Size">Fraction of the image that it covers.</param>
/// <param name="Thinness">Fraction of its pixels that touch its outline: near 0 for a large disk, 1 for a wire.</param>
/// <param name="Contrast">
/// Distance of its mean color along the outline from that of its surroundings there, in RGB, 0 to 1 (1: black against white).
/// </param>
internal sealed record ObjectProperties(double Size, double Thinness, double Contrast)
{
    // Pixels along the outline, on both sides, whose colors are compared.
    private const int Band = 3;

    /// <summary>The properties of the object of a class.</summary>
    /// <param name="image">The image.</param>
    /// <param name="labels">Its true label map, which has the class.</param>
    /// <param name="classId">The class.</param>
    internal static ObjectProperties Of(RgbImage image, LabelMap labels, int classId)
    {
        var own = Array.ConvertAll(labels.Labels, label => (byte)(label == classId ? 1 : 0));
        var area = own.Count(o => o == 1);
        var inside = Regions.Erode(own, labels.Width, 1, outside: 0);
        var (inner, outer) = (Regions.Erode(own, labels.Width, Band, outside: 0), Regions.Dilate(own, labels.Width, Band));
        var near = Mean(image, i => own[i] == 1 && inner[i] == 0);
        var around = Mean(image, i => own[i] == 0 && outer[i] == 1);
        var distance = Math.Sqrt(near.Zip(around, (a, b) => (a - b) * (a - b)).Sum() / 3) / 255;
        return new((double)area / own.Length, (area - inside.Count(o => o == 1)) / (double)area, distance);
    }

    private static double[] Mean(RgbImage image, Func<int, bool> counts)
    {
        var sums = new double[3];
        var pixels = 0;
        for (var i = 0; i < image.Width * image.Height; i++)
        {
            if (!counts(i)) continue;
            pixels++;
            for (var k = 0; k < 3; k++) sums[k] += image.Pixels[(3 * i) + k];
        }

        return Array.ConvertAll(sums, sum => sum / Math.Max(1, pixels));
    }
}
