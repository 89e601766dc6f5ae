using FreeMask.Imaging;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Training.Harmonization;

/// <summary>A pair as the network of the statistics sees it.</summary>
/// <param name="Planes">The composite (<see cref="HarmonizerFeatures"/>).</param>
/// <param name="Change">What brings back the object's own statistics, in <see cref="StatisticsForm.Units"/>.</param>
internal sealed record HarmonizerSample(float[] Planes, float[] Change)
{
    private const double LeastDeviation = 0.5, MostLogFactor = 1.2;

    // Parts of the image from near to wide, so that objects come at several sizes.
    private static readonly double[] Contexts = [1.5, HarmonizerFeatures.Context, 3.2];

    /// <summary>What is learned from of an image.</summary>
    internal static (RgbImage Image, FloatMap Share)[] Views(RgbImage image, FloatMap share) =>
        [.. Contexts.Select(context => HarmonizerFeatures.Crop(image, share, context))];

    /// <summary>A pair as the network sees it.</summary>
    internal static HarmonizerSample Of(RecoloredObject pair)
    {
        var planes = new float[HarmonizerFeatures.Length];
        HarmonizerFeatures.Fill(pair.Composite, pair.Share, planes);
        var (truth, now) = (pair.Own, HarmonizerSamples.Statistics(pair.Composite, pair.Share));
        double Factor(double from, double to) =>
            from < LeastDeviation || to < LeastDeviation ? 0 : Math.Clamp(Math.Log(to / from), -MostLogFactor, MostLogFactor);
        double[] change =
        [
            truth.Mean.L - now.Mean.L,
            truth.Mean.A - now.Mean.A,
            truth.Mean.B - now.Mean.B,
            Factor(now.Deviation.L, truth.Deviation.L),
            Factor(now.Deviation.A, truth.Deviation.A),
            Factor(now.Deviation.B, truth.Deviation.B),
        ];
        return new(planes, [.. change.Select((value, c) => (float)(value / StatisticsForm.Units[c]))]);
    }
}
