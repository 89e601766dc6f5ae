namespace FreeMask.Vision.Evaluation;

/// <summary>Generalised zero-shot segmentation: classes with real masks in training (seen) against those without.</summary>
/// <param name="Seen">Mean IoU of the seen classes, background left out.</param>
/// <param name="Unseen">Mean IoU of the unseen classes.</param>
/// <param name="Harmonic">2SU/(S+U).</param>
/// <param name="SeenWithBackground">Mean IoU of background and the seen classes.</param>
/// <param name="HarmonicWithBackground">The harmonic mean with that.</param>
internal sealed record ZeroShotScores(double Seen, double Unseen, double Harmonic, double SeenWithBackground, double HarmonicWithBackground)
{
    /// <summary>VOC's seen classes: 1 to 15 (DiffuMask, <c>evaluation.py</c>).</summary>
    public static IReadOnlyList<int> VocSeen { get; } = [.. Enumerable.Range(1, 15)];

    /// <summary>VOC's unseen classes: pottedplant, sheep, sofa, train, tvmonitor.</summary>
    public static IReadOnlyList<int> VocUnseen { get; } = [.. Enumerable.Range(16, 5)];

    /// <summary>From the IoU by class index; classes without an IoU are left out.</summary>
    public static ZeroShotScores From(IReadOnlyList<double> iou, IReadOnlyList<int> seen, IReadOnlyList<int> unseen)
    {
        ArgumentNullException.ThrowIfNull(iou);
        var s = SegmentationScores.Mean(seen.Select(c => iou[c]));
        var u = SegmentationScores.Mean(unseen.Select(c => iou[c]));
        var withBackground = SegmentationScores.Mean(seen.Prepend(0).Select(c => iou[c]));
        return new ZeroShotScores(s, u, HarmonicMean(s, u), withBackground, HarmonicMean(withBackground, u));
    }

    private static double HarmonicMean(double a, double b) => a + b == 0 ? 0 : 2 * a * b / (a + b);
}
