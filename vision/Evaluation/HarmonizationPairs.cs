using System.Globalization;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Vision.Evaluation;

/// <summary>Where pairs of a composite and its truth come from: files, or images with masks whose objects are recolored.</summary>
internal static class HarmonizationPairs
{
    /// <summary>The side to which pairs are resized before they are compared: the convention of iHarmony4.</summary>
    internal const int Side = 256;

    /// <summary>The group of pairs that are files.</summary>
    internal const string Files = "files";

    private const string TruthEnding = "-gt.png", MaskEnding = "-mask.png";

    /// <summary>Whether a folder holds pairs: <c>NAME.png</c>, <c>NAME-gt.png</c> and <c>NAME-mask.png</c>.</summary>
    internal static bool AreIn(string folder) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*" + TruthEnding).Any();

    /// <summary>Reads the pairs of a folder, by name.</summary>
    /// <exception cref="FreeMaskException">A file is missing or damaged, or the three differ in size.</exception>
    internal static IEnumerable<HarmonizationPair> Read(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*" + TruthEnding).Order(StringComparer.Ordinal))
        {
            var stem = file[..^TruthEnding.Length];
            var (composite, truth, drawn) = (Load(stem + ".png"), Load(file), Load(stem + MaskEnding));
            var mask = new LabelMap(drawn.Width, drawn.Height);
            for (var i = 0; i < mask.Labels.Length; i++) mask.Labels[i] = drawn.Pixels[3 * i] > 127 ? byte.MaxValue : (byte)0;
            var size = (truth.Width, truth.Height);
            if (size != (composite.Width, composite.Height) || size != (mask.Width, mask.Height))
                throw new FreeMaskException($"{stem}.png, its true image and its mask differ in size.");
            yield return Fit(new(Path.GetFileName(stem), Files, composite, truth, mask));
        }
    }

    /// <summary>
    /// Makes pairs: pair i has the largest object of image i (images again with their next object once each had a turn), recolored by
    /// change i mod 3 of <see cref="ColorDisturbance.Kinds"/>. Each depends on (seed, i, the images) alone.
    /// </summary>
    /// <param name="images">Images with masks.</param>
    /// <param name="count">Number of pairs.</param>
    /// <param name="seed">Names the changes.</param>
    /// <exception cref="FreeMaskException">No image has an object that can be recolored.</exception>
    internal static IEnumerable<HarmonizationPair> Make(ObjectImages images, int count, ulong seed)
    {
        var order = Enumerable.Range(0, images.Count).ToArray();
        new CounterRandom(seed, "harmonization-order").Shuffle<int>(order);
        var made = 0;
        var previous = default(LabStatistics?);
        for (var turn = 0; made < count; turn++)
        {
            var before = made;
            foreach (var index in order)
            {
                if (made == count) yield break;
                var item = images.Load(index);
                if (turn >= item.Objects.Count) continue;
                var truth = Resampling.Resize(item.Image, Side, Side, ResamplingFilter.Antialias);
                var mask = Resampling.Resize(item.Objects[turn], Side, Side);
                if (mask.Labels.All(l => l == 0)) continue;
                var lab = LabColor.FromRgb(truth);
                var inside = LabStatistics.Of(lab, i => mask.Labels[i] != 0);
                // The object of the image before is the reference; the first one takes its own surroundings.
                var reference = previous ?? LabStatistics.Of(lab, i => mask.Labels[i] == 0);
                previous = inside;
                var kind = ColorDisturbance.Kinds[made % ColorDisturbance.Kinds.Count];
                var change = ColorDisturbance.Draw(kind, inside, reference, new CounterRandom(seed, made, 0, "harmonization-pair"));
                made++;
                yield return new(item.Name, Word(kind), change.Composite(truth, mask), truth, mask);
            }

            if (made == before)
                throw new FreeMaskException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{images.Root} has {made} objects of {100 * ObjectImages.LeastArea} to {100 * ObjectImages.MostArea} % of their "
                            + $"image, but {count} pairs are wanted; name a larger data set, or fewer pairs with --pairs."
                    )
                );
        }
    }

    /// <summary>The name of a kind in documents.</summary>
    internal static string Word(DisturbanceKind kind) => kind.ToString().ToLowerInvariant();

    private static HarmonizationPair Fit(HarmonizationPair pair) =>
        (pair.Truth.Width, pair.Truth.Height) == (Side, Side)
            ? pair
            : pair with
            {
                Composite = Resampling.Resize(pair.Composite, Side, Side, ResamplingFilter.Antialias),
                Truth = Resampling.Resize(pair.Truth, Side, Side, ResamplingFilter.Antialias),
                Mask = Resampling.Resize(pair.Mask, Side, Side),
            };

    private static RgbImage Load(string path) =>
        File.Exists(path)
            ? ImageCodec.Load(path)
            : throw new FreeMaskException($"{path} does not exist; a pair is NAME.png, NAME{TruthEnding} and NAME{MaskEnding}.");
}
