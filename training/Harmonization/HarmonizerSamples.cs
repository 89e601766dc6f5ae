using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Training.Harmonization;

/// <summary>A pair as the network sees it.</summary>
/// <param name="Planes">The composite (<see cref="HarmonizerFeatures"/>).</param>
/// <param name="Change">What brings back the object's own statistics, in <see cref="StatisticsForm.Units"/>.</param>
internal sealed record HarmonizerSample(float[] Planes, float[] Change);

/// <summary>
/// Pairs without end: objects of images, recolored at random (<see cref="ColorDisturbance"/>). A pair depends on (seed, its number) alone.
/// </summary>
internal sealed class HarmonizerSamples
{
    // Parts of the image from near to wide, so that objects come at several sizes.
    private static readonly double[] Contexts = [1.5, HarmonizerFeatures.Context, 3.2];

    // The share of pairs whose object keeps its colors: it must be left alone.
    private const double Untouched = 0.05;

    private const double LeastDeviation = 0.5, MostLogFactor = 1.2;

    private readonly List<Example> _examples = [];

    /// <summary>Number of objects.</summary>
    internal int Count => _examples.Count;

    /// <summary>Names of the images, in order.</summary>
    internal IReadOnlyList<string> Names => [.. _examples.Select(example => example.Name).Distinct()];

    /// <summary>Adds the objects of an image.</summary>
    internal void Add(ObjectImage image)
    {
        foreach (var mask in image.Objects)
        {
            var share = new FloatMap(mask.Width, mask.Height, Array.ConvertAll(mask.Labels, l => l > 127 ? 1f : 0f));
            var parts = Contexts.Select(context => HarmonizerFeatures.Crop(image.Image, share, context)).ToArray();
            var lab = LabColor.FromRgb(parts[1].Image);
            var statistics = LabStatistics.Of(lab, i => parts[1].Share.Values[i] > 0.5f);
            if (statistics.Count > 0 && statistics.Count < lab.Length / 3) _examples.Add(new(image.Name, parts, statistics));
        }
    }

    /// <summary>Draws a pair.</summary>
    /// <param name="seed">The training's seed.</param>
    /// <param name="number">The pair's number.</param>
    /// <param name="purpose">Names the stream.</param>
    internal HarmonizerSample Draw(ulong seed, long number, string purpose)
    {
        var random = new CounterRandom(seed, number, 0, purpose);
        var example = _examples[random.NextInt(_examples.Count)];
        var (stored, share) = example.Parts[random.NextInt(example.Parts.Length)];
        var truth = Recolored(stored, random);
        if (random.NextInt(2) == 1) (truth, share) = (Orientation.Mirror(truth), Mirrored(share));
        var inside = Statistics(truth, share);
        if (inside.Count == 0 || random.NextDouble() < Untouched) return Sample(truth, share, inside);
        var kind = ColorDisturbance.Kinds[random.NextInt(ColorDisturbance.Kinds.Count)];
        var reference = _examples[random.NextInt(_examples.Count)].Statistics;
        var amount = random.NextDouble() < 0.7 ? 1 : random.NextDouble(0, 1.2);
        var change = ColorDisturbance.Draw(kind, inside, reference, random, amount);
        var composite = truth.Clone();
        for (var i = 0; i < share.Values.Length; i++)
        {
            if (share.Values[i] <= 0) continue;
            var (red, green, blue) = change.Apply(truth.Pixels.AsSpan(3 * i, 3));
            LabTransfer.Blend(composite.Pixels, 3 * i, red, share.Values[i]);
            LabTransfer.Blend(composite.Pixels, (3 * i) + 1, green, share.Values[i]);
            LabTransfer.Blend(composite.Pixels, (3 * i) + 2, blue, share.Values[i]);
        }

        return Sample(composite, share, inside);
    }

    private static HarmonizerSample Sample(RgbImage composite, FloatMap share, LabStatistics truth)
    {
        var planes = new float[HarmonizerFeatures.Length];
        HarmonizerFeatures.Fill(composite, share, planes);
        var now = Statistics(composite, share);
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

    private static LabStatistics Statistics(RgbImage image, FloatMap share) =>
        LabStatistics.Of(LabColor.FromRgb(image), i => share.Values[i] > 0.5f);

    /// <summary>The whole image under another light: what counts is how the object differs from the rest.</summary>
    private static RgbImage Recolored(RgbImage image, CounterRandom random)
    {
        var tables = new byte[3][];
        var (gain, gamma) = (Math.Exp(0.15 * random.NextGaussian()), Math.Exp(0.15 * random.NextGaussian()));
        for (var c = 0; c < 3; c++)
        {
            var own = gain * (c == 1 ? 1 : Math.Exp(0.06 * random.NextGaussian()));
            tables[c] =
            [
                .. Enumerable
                    .Range(0, 256)
                    .Select(level => (byte)Math.Clamp((255 * own * Math.Pow(level / 255.0, gamma)) + 0.5, 0, 255)),
            ];
        }

        var result = new RgbImage(image.Width, image.Height);
        for (var i = 0; i < image.Pixels.Length; i++) result.Pixels[i] = tables[i % 3][image.Pixels[i]];
        return result;
    }

    private static FloatMap Mirrored(FloatMap map)
    {
        var result = new FloatMap(map.Width, map.Height);
        for (var y = 0; y < map.Height; y++)
            for (var x = 0; x < map.Width; x++) result[x, y] = map[map.Width - 1 - x, y];
        return result;
    }

    private sealed record Example(string Name, (RgbImage Image, FloatMap Share)[] Parts, LabStatistics Statistics);
}
