using System.Runtime.InteropServices;
using FreeMask.Imaging;

namespace FreeMask.Vision.Evaluation;

/// <summary>
/// Pixel counts by true and predicted class, summed over a whole data set (never a mean of images). Pixels whose truth is 255 are skipped.
/// A prediction that names no class (255, or any index too large) counts as missed, for nobody.
/// </summary>
internal sealed class ConfusionMatrix
{
    private readonly long[] _counts;

    /// <summary>Makes an empty matrix.</summary>
    /// <param name="classes">Number of classes, background included.</param>
    public ConfusionMatrix(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classes, LabelMap.Ignore);
        Classes = classes;
        _counts = new long[classes * (classes + 1)];
    }

    /// <summary>Number of classes, background included.</summary>
    public int Classes { get; }

    /// <summary>Pixels of a true class that were predicted as another (or the same).</summary>
    public long this[int truth, int prediction] => _counts[(truth * (Classes + 1)) + prediction];

    /// <summary>Pixels of a true class.</summary>
    public long TruthCount(int truth) => _counts.AsSpan(truth * (Classes + 1), Classes + 1).ToArray().Sum();

    /// <summary>Pixels predicted as a class.</summary>
    public long PredictionCount(int prediction)
    {
        long sum = 0;
        for (var truth = 0; truth < Classes; truth++) sum += this[truth, prediction];
        return sum;
    }

    /// <summary>Counts one image.</summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    /// <exception cref="FreeMaskException">The truth has a class index that is too large.</exception>
    public void Add(LabelMap truth, LabelMap prediction)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(prediction);
        LabelMaps.RequireSameSize(truth, prediction);
        // Most of a label map is plain: eight pixels of one label are counted at once.
        var actual = MemoryMarshal.Cast<byte, ulong>(truth.Labels);
        var predicted = MemoryMarshal.Cast<byte, ulong>(prediction.Labels);
        for (var i = 0; i < actual.Length; i++)
        {
            if (IsPlain(actual[i]) && IsPlain(predicted[i]))
            {
                Count((byte)actual[i], (byte)predicted[i], 8);
                continue;
            }

            for (var k = 8 * i; k < (8 * i) + 8; k++) Count(truth.Labels[k], prediction.Labels[k], 1);
        }

        for (var k = 8 * actual.Length; k < truth.Labels.Length; k++) Count(truth.Labels[k], prediction.Labels[k], 1);
    }

    private static bool IsPlain(ulong labels) => labels == (byte)labels * 0x0101010101010101UL;

    private void Count(byte actual, byte predicted, int pixels)
    {
        if (actual == LabelMap.Ignore) return;
        if (actual >= Classes)
            throw new FreeMaskException($"A label map has the class {actual}, but there are only {Classes} classes (0 to {Classes - 1}).");
        _counts[(actual * (Classes + 1)) + Math.Min((int)predicted, Classes)] += pixels;
    }

    /// <summary>Adds the counts of another matrix.</summary>
    /// <exception cref="ArgumentException">It has another number of classes.</exception>
    public void Add(ConfusionMatrix other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Classes != Classes)
            throw new ArgumentException($"One matrix has {Classes} classes, the other {other.Classes}.", nameof(other));
        for (var i = 0; i < _counts.Length; i++) _counts[i] += other._counts[i];
    }

    /// <summary>The measures that follow from the counts.</summary>
    public SegmentationScores Scores() => SegmentationScores.From(this);
}
