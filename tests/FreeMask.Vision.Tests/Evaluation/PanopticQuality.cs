namespace FreeMask.Vision.Tests.Evaluation;

/// <summary>A segment of a panoptic map.</summary>
/// <param name="Id">Its value in the map.</param>
/// <param name="Category">Its class.</param>
/// <param name="Crowd">Whether it stands for a group whose members are not told apart.</param>
internal readonly record struct PanopticSegment(int Id, int Category, bool Crowd = false);

/// <summary>A panoptic map: a value a pixel, 0 for void, and what the values stand for.</summary>
/// <param name="Ids">One value a pixel, row by row.</param>
/// <param name="Segments">What the values stand for.</param>
internal sealed record PanopticMap(IReadOnlyList<int> Ids, IReadOnlyList<PanopticSegment> Segments);

/// <summary>Panoptic quality of a class, or the mean over classes.</summary>
/// <param name="Quality">PQ = SQ x RQ, in 0..1.</param>
/// <param name="Segmentation">SQ: mean IoU of the matched segments.</param>
/// <param name="Recognition">RQ: F1 of the matching.</param>
internal readonly record struct PanopticScore(double Quality, double Segmentation, double Recognition);

/// <summary>
/// Reads exports back: panoptic quality (Kirillov et al., CVPR 2019), counted as <c>cocodataset/panopticapi</c> counts. Segments match when
/// their IoU, void taken out of the union, exceeds 0.5; crowds are neither missed nor found, and predictions that lie mostly in void or in
/// a crowd of their class do not count.
/// </summary>
internal sealed class PanopticQuality
{
    private readonly SortedDictionary<int, Counts> _byCategory = [];

    /// <summary>Classes that have been seen in truth or prediction, rising.</summary>
    public IEnumerable<int> Categories => _byCategory.Where(c => c.Value.Any).Select(c => c.Key);

    /// <summary>Counts one image.</summary>
    /// <exception cref="FreeMaskException">The sizes differ, or the prediction's map and segments do not belong together.</exception>
    public void Add(PanopticMap truth, PanopticMap prediction)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(prediction);
        if (truth.Ids.Count != prediction.Ids.Count)
            throw new FreeMaskException(
                $"A panoptic map of {truth.Ids.Count} pixels cannot be compared with one of {prediction.Ids.Count}."
            );
        var overlaps = new Dictionary<(int Truth, int Prediction), long>();
        for (var i = 0; i < truth.Ids.Count; i++)
        {
            var pair = (truth.Ids[i], prediction.Ids[i]);
            overlaps[pair] = overlaps.GetValueOrDefault(pair) + 1;
        }

        Count(new SegmentOverlaps(overlaps), truth.Segments, Checked(prediction));
    }

    /// <summary>The score of one class; zeros where it has not been seen.</summary>
    public PanopticScore Of(int category) => _byCategory.TryGetValue(category, out var counts) && counts.Any ? counts.Score : default;

    /// <summary>Matched segments, segments of the prediction alone, and of the truth alone.</summary>
    public (int Matched, int Spurious, int Missed) CountsOf(int category) =>
        _byCategory.TryGetValue(category, out var counts) ? (counts.Matched, counts.Spurious, counts.Missed) : default;

    /// <summary>The mean over those of the given classes that have been seen; zeros where none has.</summary>
    public PanopticScore Mean(IEnumerable<int> categories)
    {
        var scores = categories.Where(c => _byCategory.TryGetValue(c, out var counts) && counts.Any).Select(Of).ToList();
        return scores.Count == 0
            ? default
            : new(scores.Average(s => s.Quality), scores.Average(s => s.Segmentation), scores.Average(s => s.Recognition));
    }

    private static IReadOnlyList<PanopticSegment> Checked(PanopticMap prediction)
    {
        var listed = prediction.Segments.Select(s => s.Id).ToHashSet();
        var present = prediction.Ids.Where(id => id != 0).ToHashSet();
        if (present.FirstOrDefault(id => !listed.Contains(id)) is var unlisted and not 0)
            throw new FreeMaskException($"The predicted panoptic map has the value {unlisted}, which its list of segments lacks.");
        return listed.IsSubsetOf(present)
            ? prediction.Segments
            : throw new FreeMaskException(
                $"The predicted panoptic map has no pixel of the segment {listed.First(id => !present.Contains(id))} that is listed."
            );
    }

    private void Count(SegmentOverlaps overlaps, IReadOnlyList<PanopticSegment> truth, IReadOnlyList<PanopticSegment> prediction)
    {
        HashSet<int> found = [], used = [];
        foreach (var t in truth.Where(t => !t.Crowd))
        {
            foreach (var p in prediction.Where(p => p.Category == t.Category))
            {
                var both = overlaps.Of(t.Id, p.Id);
                if (both == 0) continue;
                var iou = (double)both / (overlaps.OfPrediction(p.Id) + overlaps.OfTruth(t.Id) - both - overlaps.Of(0, p.Id));
                if (iou <= 0.5) continue;
                CountsFor(t.Category).Match(iou);
                found.Add(t.Id);
                used.Add(p.Id);
            }
        }

        foreach (var t in truth.Where(t => !t.Crowd && !found.Contains(t.Id))) CountsFor(t.Category).Missed++;
        var crowds = new Dictionary<int, int>();
        foreach (var t in truth.Where(t => t.Crowd)) crowds[t.Category] = t.Id;
        foreach (var p in prediction.Where(p => !used.Contains(p.Id)))
        {
            var excused = overlaps.Of(0, p.Id) + (crowds.TryGetValue(p.Category, out var crowd) ? overlaps.Of(crowd, p.Id) : 0);
            if ((double)excused / overlaps.OfPrediction(p.Id) <= 0.5) CountsFor(p.Category).Spurious++;
        }
    }

    private Counts CountsFor(int category) =>
        _byCategory.TryGetValue(category, out var counts) ? counts : _byCategory[category] = new Counts();

    private sealed class SegmentOverlaps(Dictionary<(int Truth, int Prediction), long> pairs)
    {
        private readonly Dictionary<int, long> _truth = Sum(pairs, pair => pair.Truth), _prediction = Sum(pairs, pair => pair.Prediction);

        internal long Of(int truth, int prediction) => pairs.GetValueOrDefault((truth, prediction));

        internal long OfTruth(int id) => _truth.GetValueOrDefault(id);

        internal long OfPrediction(int id) => _prediction.GetValueOrDefault(id);

        private static Dictionary<int, long> Sum(
            Dictionary<(int Truth, int Prediction), long> pairs,
            Func<(int Truth, int Prediction), int> side
        ) => pairs.GroupBy(p => side(p.Key)).ToDictionary(g => g.Key, g => g.Sum(p => p.Value));
    }

    private sealed class Counts
    {
        private double _iou;

        internal int Matched { get; private set; }

        internal int Spurious { get; set; }

        internal int Missed { get; set; }

        internal bool Any => Matched + Spurious + Missed > 0;

        internal PanopticScore Score
        {
            get
            {
                var mistakes = Matched + (0.5 * Spurious) + (0.5 * Missed);
                return new(_iou / mistakes, Matched == 0 ? 0 : _iou / Matched, Matched / mistakes);
            }
        }

        internal void Match(double iou)
        {
            Matched++;
            _iou += iou;
        }
    }
}
