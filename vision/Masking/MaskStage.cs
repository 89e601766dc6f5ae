using FreeMask.Diffusion.Attention;
using FreeMask.Imaging;

namespace FreeMask.Vision.Masking;

/// <summary>
/// From a coarse attention map to a label map: enlarge, stretch to 0..1, cut at a per-image threshold, clean up along the image's colors
/// and edges, drop crumbs, fill small holes, mark the undecided outline as 255, and check the quality of the result. Deterministic; no
/// randomness anywhere.
/// </summary>
/// <remarks>
/// Confidence is the share of the image where the cleaned map is decided: outside of 0.25..0.75. On 80 scenes of the mini bundle's held-out
/// art it went with the true IoU better (correlation 0.37) than contrast inside against outside (0.28), Otsu's separability (0.16) or the
/// agreement of cleaned and coarse mask (-0.14: where the clean-up works, it moves away from the coarse map).
/// </remarks>
internal static class MaskStage
{
    private const float Undecided = 0.25f;
    private const int LowestAdaptive = 35, HighestAdaptive = 54;

    /// <summary>Makes the mask of one object class in one image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="coarse">The class's map on any grid, in any range; larger means more likely.</param>
    /// <param name="classId">The label to write, 1 to 254.</param>
    /// <param name="options">Settings; null means the defaults.</param>
    public static MaskResult Run(RgbImage image, FloatMap coarse, byte classId, MaskOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(coarse);
        if (classId is LabelMap.Background or LabelMap.Ignore)
            throw new ArgumentOutOfRangeException(nameof(classId), classId, "Background and void are not objects.");
        options ??= new MaskOptions();
        var map = Resampling.Resize(coarse, image.Width, image.Height, ResamplingFilter.Bicubic);
        if (!AttentionMapNormalization.TryMinMax(map))
        {
            var nothing = new LabelMap(image.Width, image.Height);
            return new MaskResult(nothing, map, 0, 0, new MaskRejection(MaskRejectionKind.Flat, 0, AttentionMapNormalization.Flatness));
        }

        var cut = Cut(image, map, options);
        Tidy(cut.Mask, image.Width, options);
        var confidence = Confidence(cut.Cleaned, cut.Mask);
        return new MaskResult(
            Label(cut, classId, options),
            cut.Cleaned,
            cut.Threshold,
            confidence,
            MaskQualityFilter.FindRejection(cut.Mask, image.Width, confidence, options.Rules)
        );
    }

    private static ThresholdedMap Cut(RgbImage image, FloatMap map, MaskOptions options)
    {
        var cleaner = new MaskRefinement(image, options);
        var threshold = options.Threshold == MaskThreshold.Fixed ? options.FixedThreshold : Otsu.Threshold(map);
        var cleaned = cleaner.Apply(AttentionMapNormalization.CenterThreshold(map, threshold));
        if (options.Threshold == MaskThreshold.Fixed) return new ThresholdedMap(cleaned, 0.5f, Above(cleaned, 0.5f), threshold);
        AttentionMapNormalization.TryMinMax(cleaned);
        var level = Otsu.Threshold(cleaned);
        var mask = Above(cleaned, level);
        return options.Threshold == MaskThreshold.Otsu
            ? new ThresholdedMap(cleaned, level, mask, threshold)
            : CutAdaptively(cleaner, map, mask);
    }

    private static ThresholdedMap CutAdaptively(MaskRefinement cleaner, FloatMap map, byte[] reference)
    {
        FloatMap? best = null;
        var (bestIou, bestGamma) = (-1.0, 0f);
        for (var percent = LowestAdaptive; percent <= HighestAdaptive; percent++)
        {
            var binary = new FloatMap(map.Width, map.Height, Array.ConvertAll(map.Values, v => v > percent / 100f ? 1f : 0f));
            var candidate = cleaner.Apply(binary);
            var iou = Iou(Above(candidate, 0.5f), reference);
            if (iou > bestIou) (best, bestIou, bestGamma) = (candidate, iou, percent / 100f);
        }

        return new ThresholdedMap(best!, 0.5f, Above(best!, 0.5f), bestGamma);
    }

    private static void Tidy(byte[] mask, int width, MaskOptions options)
    {
        var area = mask.Count(v => v != 0);
        Regions.RemoveSmall(mask, width, (int)Math.Ceiling(options.SmallestPart * area));
        Regions.FillHoles(mask, width, (int)(options.LargestHole * area));
    }

    private static LabelMap Label(ThresholdedMap cut, byte classId, MaskOptions options)
    {
        var (cleaned, mask) = (cut.Cleaned, cut.Mask);
        var labels = new LabelMap(cleaned.Width, cleaned.Height, Array.ConvertAll(mask, v => v != 0 ? classId : LabelMap.Background));
        var radius = (int)MathF.Round(options.IgnoreBandRadius * Math.Min(cleaned.Width, cleaned.Height) / 128);
        if (radius < 1) return labels;
        // The pixels on both sides of the outline: inside a dilation of the mask, outside of its erosion.
        var (grown, shrunk) = (Regions.Dilate(mask, cleaned.Width, radius), Regions.Erode(mask, cleaned.Width, radius, outside: 1));
        for (var i = 0; i < mask.Length; i++)
            if (grown[i] != 0 && shrunk[i] == 0 && MathF.Abs(cleaned.Values[i] - cut.Level) <= options.IgnoreBand)
                labels.Labels[i] = LabelMap.Ignore;
        return labels;
    }

    private static float Confidence(FloatMap cleaned, byte[] mask)
    {
        if (!mask.Contains((byte)1)) return 0;
        return 1 - ((float)cleaned.Values.Count(v => v is > Undecided and < 1 - Undecided) / mask.Length);
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

    // A cleaned map, the level at which it was cut to the mask, and the cut of the coarse map.
    private sealed record ThresholdedMap(FloatMap Cleaned, float Level, byte[] Mask, float Threshold);
}
