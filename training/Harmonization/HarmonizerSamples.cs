using System.Globalization;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Training.Harmonization;

/// <summary>An object with disturbed colors, whose truth is known.</summary>
/// <param name="Composite">The image with the object of wrong colors.</param>
/// <param name="Truth">The image with the object's own colors.</param>
/// <param name="Share">The object's share of each pixel, 0..1.</param>
/// <param name="Own">Statistics of the object in the true image.</param>
internal sealed record RecoloredObject(RgbImage Composite, RgbImage Truth, FloatMap Share, LabStatistics Own);

/// <summary>
/// Pairs without end: objects of images, recolored at random (<see cref="ColorDisturbance"/>). A pair depends on (seed, its number) alone.
/// </summary>
/// <param name="views">What is learned from of an image and an object's share of its pixels: one or several parts of it, all of one size.
/// The object's statistics are those of the middle one.</param>
internal sealed class HarmonizerSamples(Func<RgbImage, FloatMap, (RgbImage Image, FloatMap Share)[]> views)
{
    // The share of pairs whose object keeps its colors: it must be left alone.
    private const double Untouched = 0.05;

    private readonly List<Example> _examples = [];

    /// <summary>Number of objects.</summary>
    internal int Count => _examples.Count;

    /// <summary>Names of the images, in order.</summary>
    internal IReadOnlyList<string> Names => [.. _examples.Select(example => example.Name).Distinct()];

    /// <summary>Reads images; some are held out.</summary>
    /// <param name="request">Says how many.</param>
    /// <param name="sets">The images.</param>
    /// <param name="views">See the type.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <returns>Objects to learn from, those held out, and the number of images of the first.</returns>
    /// <exception cref="FreeMaskException">There are too few objects.</exception>
    internal static (HarmonizerSamples Learned, HarmonizerSamples HeldOut, int Images) Read(
        HarmonizerRequest request,
        IReadOnlyList<ObjectImages> sets,
        Func<RgbImage, FloatMap, (RgbImage Image, FloatMap Share)[]> views,
        CancellationToken cancellation
    )
    {
        var (learned, heldOut, images) = (new HarmonizerSamples(views), new HarmonizerSamples(views), 0);
        foreach (var set in sets)
            for (var i = 0; i < set.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var image = set.Load(i);
                if (image.Objects.Count == 0) continue;
                var isHeldOut = new CounterRandom(request.Seed, i, 0, "harmonizer-held-out").NextDouble() < request.HeldOut;
                (isHeldOut ? heldOut : learned).Add(image);
                if (!isHeldOut) images++;
            }

        return learned.Count > 1 && heldOut.Count > 0
            ? (learned, heldOut, images)
            : throw new FreeMaskException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{string.Join(" and ", sets.Select(set => set.Root))}: too few objects of {100 * ObjectImages.LeastArea} to "
                        + $"{100 * ObjectImages.MostArea} % of their image ({learned.Count} to learn from, {heldOut.Count} held out). "
                        + $"Name more images."
                )
            );
    }

    /// <summary>Adds the objects of an image.</summary>
    internal void Add(ObjectImage image)
    {
        foreach (var mask in image.Objects)
        {
            var share = new FloatMap(mask.Width, mask.Height, Array.ConvertAll(mask.Labels, l => l > 127 ? 1f : 0f));
            var parts = views(image.Image, share);
            var (middle, own) = parts[parts.Length / 2];
            var statistics = Statistics(middle, own);
            if (statistics.Count > 0 && statistics.Count < own.Values.Length) _examples.Add(new(image.Name, parts, statistics));
        }
    }

    /// <summary>Draws a pair.</summary>
    /// <param name="seed">The training's seed.</param>
    /// <param name="number">The pair's number.</param>
    /// <param name="purpose">Names the stream.</param>
    internal RecoloredObject Draw(ulong seed, long number, string purpose)
    {
        var random = new CounterRandom(seed, number, 0, purpose);
        var example = _examples[random.NextInt(_examples.Count)];
        var (stored, share) = example.Parts[random.NextInt(example.Parts.Length)];
        var truth = Recolored(stored, random);
        if (random.NextInt(2) == 1) (truth, share) = (Orientation.Mirror(truth), Mirrored(share));
        var inside = Statistics(truth, share);
        if (inside.Count == 0 || random.NextDouble() < Untouched) return new(truth, truth, share, inside);
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

        return new(composite, truth, share, inside);
    }

    /// <summary>Statistics of an object.</summary>
    internal static LabStatistics Statistics(RgbImage image, FloatMap share) =>
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
