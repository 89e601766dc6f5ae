namespace FreeMask.Vision.Evaluation;

/// <summary>Ranges of object areas.</summary>
internal enum InstanceAreas
{
    All,
    Small,
    Medium,
    Large,
}

/// <summary>
/// The detections of one class against its truth, as <c>pycocotools.cocoeval</c> matches them: in each image, surest first, a detection
/// takes the free object with which it overlaps most, those that count before those that are ignored; crowds may be taken again and again.
/// </summary>
internal sealed class InstanceMatching
{
    private const int Thresholds = 10, RecallLevels = 101;

    // numpy.spacing(1): keeps the first precision from being 0/0.
    private const double Spacing = 2.220446049250313e-16;

    private static readonly (double Low, double High)[] Ranges = [(0, 1e10), (0, 32 * 32), (32 * 32, 96 * 96), (96 * 96, 1e10)];

    private readonly ImageMatches[] _images;

    private InstanceMatching(ImageMatches[] images) => _images = images;

    internal static InstanceMatching Match(IReadOnlyList<InstanceTruth> truth, IReadOnlyList<InstanceDetection> detections, int most)
    {
        var (truths, found) = (truth.ToLookup(t => t.Image), detections.ToLookup(d => d.Image));
        var images = truths.Select(t => t.Key).Concat(found.Select(d => d.Key)).Distinct().Order();
        return new([
            .. images.Select(image => new ImageMatches([.. truths[image]], [.. found[image].OrderByDescending(d => d.Score).Take(most)])),
        ]);
    }

    internal static double Threshold(int index) => 0.5 + (index * 0.05);

    /// <summary>Precision at each recall level of each threshold; nothing where there are no objects.</summary>
    internal IEnumerable<double> Precisions(InstanceAreas area, int most, double? threshold = null)
    {
        for (var t = 0; t < Thresholds; t++)
        {
            if (threshold is { } wanted && Math.Abs(Threshold(t) - wanted) > 1e-9) continue;
            if (Curve(area, most, t) is not { } curve) continue;
            foreach (var precision in AtRecallLevels(curve)) yield return precision;
        }
    }

    /// <summary>The largest recall of each threshold; nothing where there are no objects.</summary>
    internal IEnumerable<double> Recalls(InstanceAreas area, int most)
    {
        for (var t = 0; t < Thresholds; t++)
            if (Curve(area, most, t) is { } curve) yield return curve.Count == 0 ? 0 : curve[^1].Recall;
    }

    private static IEnumerable<double> AtRecallLevels(List<(double Recall, double Precision)> curve)
    {
        // The envelope: the best precision at this recall or a larger one.
        var envelope = new double[curve.Count];
        for (var i = curve.Count - 1; i >= 0; i--)
            envelope[i] = i + 1 < curve.Count ? Math.Max(curve[i].Precision, envelope[i + 1]) : curve[i].Precision;
        var at = 0;
        for (var level = 0; level < RecallLevels; level++)
        {
            while (at < curve.Count && curve[at].Recall < level / 100.0) at++;
            yield return at < curve.Count ? envelope[at] : 0;
        }
    }

    private List<(double Recall, double Precision)>? Curve(InstanceAreas area, int most, int threshold)
    {
        var matches = _images.Select(p => p.At(area, threshold)).ToList();
        var objects = matches.Sum(m => m.Objects);
        if (objects == 0) return null;
        int right = 0, wrong = 0;
        var curve = new List<(double, double)>();
        foreach (var (_, hit, ignored) in matches.SelectMany(m => m.Detections.Take(most)).OrderByDescending(d => d.Score))
        {
            if (!ignored && hit) right++;
            if (!ignored && !hit) wrong++;
            curve.Add(((double)right / objects, right / (right + wrong + Spacing)));
        }

        return curve;
    }

    private sealed record MatchResult(int Objects, IReadOnlyList<(double Score, bool Hit, bool Ignored)> Detections);

    private sealed class ImageMatches
    {
        private readonly InstanceTruth[] _truth;
        private readonly InstanceDetection[] _detections;
        private readonly double[,] _overlaps;
        private readonly MatchResult?[,] _outcomes = new MatchResult[Ranges.Length, Thresholds];

        internal ImageMatches(InstanceTruth[] truth, InstanceDetection[] detections)
        {
            (_truth, _detections, _overlaps) = (truth, detections, new double[detections.Length, truth.Length]);
            for (var d = 0; d < detections.Length; d++)
                for (var t = 0; t < truth.Length; t++) _overlaps[d, t] = detections[d].Shape.Iou(truth[t].Shape, truth[t].Crowd);
        }

        internal MatchResult At(InstanceAreas area, int threshold) =>
            _outcomes[(int)area, threshold] ??= Match(Ranges[(int)area], Threshold(threshold));

        private MatchResult Match((double Low, double High) range, double threshold)
        {
            bool Outside(double area) => area < range.Low || area > range.High;
            var order = Enumerable.Range(0, _truth.Length).OrderBy(t => _truth[t].Crowd || Outside(_truth[t].Area)).ToArray();
            var ignored = Array.ConvertAll(order, t => _truth[t].Crowd || Outside(_truth[t].Area));
            var taken = new bool[order.Length];
            var detections = new (double, bool, bool)[_detections.Length];
            for (var d = 0; d < detections.Length; d++)
            {
                var best = Best(d, order, ignored, taken, threshold);
                if (best >= 0) taken[best] = true;
                detections[d] = (_detections[d].Score, best >= 0, best >= 0 ? ignored[best] : Outside(_detections[d].Shape.Area));
            }

            return new(ignored.Count(i => !i), detections);
        }

        private int Best(int detection, int[] order, bool[] ignored, bool[] taken, double threshold)
        {
            var (best, least) = (-1, Math.Min(threshold, 1 - 1e-10));
            for (var t = 0; t < order.Length; t++)
            {
                if (taken[t] && !_truth[order[t]].Crowd) continue;
                // An object that counts is not given up for one that is ignored.
                if (best >= 0 && !ignored[best] && ignored[t]) break;
                if (_overlaps[detection, order[t]] < least) continue;
                (best, least) = (t, _overlaps[detection, order[t]]);
            }

            return best;
        }
    }
}
