using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Masking;

/// <summary>
/// From a coarse attention map to a label map: enlarge, stretch to 0..1, clean up along the picture's edges, cut at a per-image threshold,
/// drop crumbs, fill small holes, mark the undecided outline as 255, and judge the result. Deterministic; no randomness anywhere.
/// </summary>
/// <remarks>
/// Confidence is the geometric mean of two numbers in 0..1: how far the cleaned map's mean inside lies above its mean outside, and the IoU of
/// the mask with what the coarse map alone would have given. A clean-up that wanders away from the attention is not trusted.
/// </remarks>
public static class MaskStage
{
    private const float Flatness = 1e-6f;
    private const int LowestAdaptive = 35, HighestAdaptive = 54;

    /// <summary>Makes the mask of one object class in one picture.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="coarse">The class's map on any grid, in any range; larger means more likely.</param>
    /// <param name="classId">The label to write, 1 to 254.</param>
    /// <param name="options">Settings; null means the defaults.</param>
    public static MaskResult Run(RgbImage image, FloatMap coarse, byte classId, MaskOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(coarse);
        if (classId is LabelMap.Background or LabelMap.Ignore) throw new ArgumentOutOfRangeException(nameof(classId), classId, "Background and void are not objects.");
        options ??= new MaskOptions();
        var map = Resampling.Resize(coarse, image.Width, image.Height, ResamplingFilter.Bicubic);
        if (!Stretch(map))
        {
            var nothing = new LabelMap(image.Width, image.Height);
            return new MaskResult(nothing, map, 0, 0, new MaskRejection(MaskRejectionKind.Flat, 0, Flatness));
        }

        var (cleaned, mask, threshold) = Cut(image, map, options);
        Tidy(mask, image.Width, options);
        var confidence = Confidence(cleaned, map, mask);
        var labels = Label(mask, cleaned, threshold, classId, options);
        return new MaskResult(labels, cleaned, threshold, confidence, MaskJudge.Judge(mask, image.Width, confidence, options.Rules));
    }

    private static (FloatMap Cleaned, byte[] Mask, float Threshold) Cut(RgbImage image, FloatMap map, MaskOptions options)
    {
        var cleaner = new MapCleaner(image, options);
        var cleaned = cleaner.Clean(map);
        if (options.Threshold == MaskThreshold.Fixed) return (cleaned, Above(cleaned, options.FixedThreshold), options.FixedThreshold);
        Stretch(cleaned);
        var otsu = Otsu.Threshold(cleaned);
        return options.Threshold == MaskThreshold.Otsu ? (cleaned, Above(cleaned, otsu), otsu) : CutAdaptively(cleaner, map, Above(cleaned, otsu));
    }

    private static (FloatMap Cleaned, byte[] Mask, float Threshold) CutAdaptively(MapCleaner cleaner, FloatMap map, byte[] reference)
    {
        FloatMap? best = null;
        var (bestIou, bestGamma) = (-1.0, 0f);
        for (var percent = LowestAdaptive; percent <= HighestAdaptive; percent++)
        {
            var binary = new FloatMap(map.Width, map.Height, Array.ConvertAll(map.Values, v => v > percent / 100f ? 1f : 0f));
            var candidate = cleaner.Clean(binary);
            var iou = Iou(Above(candidate, 0.5f), reference);
            if (iou > bestIou) (best, bestIou, bestGamma) = (candidate, iou, percent / 100f);
        }

        // The binary maps are cut at their middle; the chosen gamma is a cut of the coarse map.
        return (best!, Above(best!, 0.5f), bestGamma);
    }

    private static void Tidy(byte[] mask, int width, MaskOptions options)
    {
        var area = mask.Count(v => v != 0);
        Regions.RemoveSmall(mask, width, (int)Math.Ceiling(options.SmallestPart * area));
        Regions.FillHoles(mask, width, (int)(options.LargestHole * area));
    }

    private static LabelMap Label(byte[] mask, FloatMap cleaned, float threshold, byte classId, MaskOptions options)
    {
        var labels = new LabelMap(cleaned.Width, cleaned.Height, Array.ConvertAll(mask, v => v != 0 ? classId : LabelMap.Background));
        var radius = (int)MathF.Round(options.BandRadius * Math.Min(cleaned.Width, cleaned.Height) / 128);
        if (radius < 1) return labels;
        // The pixels on both sides of the outline: inside a dilation of the mask, outside of its erosion.
        var (grown, shrunk) = (Regions.Dilate(mask, cleaned.Width, radius), Regions.Erode(mask, cleaned.Width, radius, outside: 1));
        var cut = options.Threshold == MaskThreshold.Adaptive ? 0.5f : threshold;
        for (var i = 0; i < mask.Length; i++)
            if (grown[i] != 0 && shrunk[i] == 0 && MathF.Abs(cleaned.Values[i] - cut) <= options.BandMargin) labels.Labels[i] = LabelMap.Ignore;
        return labels;
    }

    private static float Confidence(FloatMap cleaned, FloatMap coarse, byte[] mask)
    {
        double inside = 0, outside = 0;
        var count = 0;
        for (var i = 0; i < mask.Length; i++)
        {
            if (mask[i] != 0) (inside, count) = (inside + cleaned.Values[i], count + 1);
            else outside += cleaned.Values[i];
        }

        if (count == 0 || count == mask.Length) return 0;
        var contrast = Math.Clamp((inside / count) - (outside / (mask.Length - count)), 0, 1);
        return (float)Math.Sqrt(contrast * Iou(mask, Above(coarse, Otsu.Threshold(coarse))));
    }

    internal static double Iou(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        int both = 0, either = 0;
        for (var i = 0; i < a.Length; i++)
        {
            if (a[i] != 0 && b[i] != 0) both++;
            if (a[i] != 0 || b[i] != 0) either++;
        }

        return either == 0 ? 0 : (double)both / either;
    }

    private static byte[] Above(FloatMap map, float threshold) => Array.ConvertAll(map.Values, v => v > threshold ? (byte)1 : (byte)0);

    // Min-max in place; false where there is nothing to stretch.
    private static bool Stretch(FloatMap map)
    {
        var (low, high) = (map.Values.Min(), map.Values.Max());
        if (!(high - low > Flatness * MathF.Max(1, MathF.Abs(high)))) return false;
        for (var i = 0; i < map.Values.Length; i++) map.Values[i] = (map.Values[i] - low) / (high - low);
        return true;
    }
}
