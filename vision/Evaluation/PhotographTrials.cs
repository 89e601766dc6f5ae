using System.Globalization;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Placement;

namespace FreeMask.Vision.Evaluation;

/// <summary>
/// Trials of photographs with masks: an object is taken out and the gap filled (<see cref="PlacementCase"/>); against it stand other
/// places at its size, places beside it on the same row, and other sizes in its place. The true place is only one of the plausible ones,
/// so that no method can reach 1.
/// </summary>
internal static class PhotographTrials
{
    private const int PlacesOfObject = 6, RowsOfObject = 3;

    // The gap is larger than the object by this factor, so that its outline tells neither place nor size.
    private const double Gap = 1.3;

    private static readonly double[] Factors = [1, 0.45, 2.2];

    /// <summary>The trials of the objects that the border of their image does not cut.</summary>
    /// <param name="images">Images with masks.</param>
    /// <param name="known">Names of images that are left out: a model learned from them.</param>
    /// <param name="mostObjects">How many objects are measured at most.</param>
    /// <param name="seed">Names the other places.</param>
    /// <param name="stop">Stops between two images.</param>
    /// <exception cref="FreeMaskException">No object can be measured.</exception>
    internal static IEnumerable<PlacementTrial> Of(
        ObjectImages images,
        IReadOnlySet<string> known,
        int mostObjects,
        ulong seed,
        CancellationToken stop = default
    )
    {
        var classes = LabelSet.Own(images.Labels.Skip(1));
        var count = 0;
        for (var i = 0; i < images.Count && count < mostObjects; i++)
        {
            stop.ThrowIfCancellationRequested();
            if (known.Contains(images.IdOf(i))) continue;
            var image = images.Load(i);
            foreach (var (number, mask) in image.Objects.Index())
            {
                if (count >= mostObjects) continue;
                if (Trial(image, i, mask, classes, new CounterRandom(seed, i, number, "placement")) is not { } trial) continue;
                count++;
                yield return trial;
            }
        }

        if (count == 0)
            throw new FreeMaskException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{images.Root} has no object to measure: an object of {100 * ObjectImages.LeastArea} to {100 * ObjectImages.MostArea} "
                        + $"% of its image that its border does not cut, in an image that the model did not learn from."
                )
            );
    }

    private static PlacementTrial? Trial(ObjectImage image, int index, LabelMap mask, LabelSet classes, CounterRandom random)
    {
        var (width, height) = (mask.Width, mask.Height);
        var classId = Array.Find(image.Labels.Labels.Where((_, i) => mask.Labels[i] != 0).ToArray(), l => l is not (0 or LabelMap.Ignore));
        if (classId == 0) return null;
        var own = new LabelMap(width, height, Array.ConvertAll(mask.Labels, l => l != 0 ? classId : (byte)0));
        if (Cutout.Whole(image.Image, own, classId) is not { Cut: BorderSides.None } cutout) return null;
        var sizes = Factors.Select(f => (Height: (int)((cutout.Height * f) + 0.5), Width: (int)((cutout.Width * f) + 0.5))).ToArray();
        if (sizes[1].Height < 4 || sizes[1].Width < 4) return null;
        var others = new List<(string Kind, int Scale, PixelBox Box)>();
        for (var n = 0; n < PlacesOfObject; n++)
            if (PlacementCase.Elsewhere(cutout.Source, sizes[0], width, height, random) is { } box)
                others.Add((PlacementEvaluation.Place, 0, box));
        for (var n = 0; n < RowsOfObject; n++)
            if (PlacementCase.Elsewhere(cutout.Source, sizes[0], width, height, random) is { } box)
            {
                var beside = box with { Y = cutout.Source.Y };
                if (beside.IoU(cutout.Source) <= PlacementCase.MostOverlap) others.Add((PlacementEvaluation.Row, 0, beside));
            }

        for (var k = 1; k < sizes.Length; k++)
            if (PlacementCase.Standing(cutout.Source, sizes[k]) is var other && PlacementCase.IsInside(other, width, height))
                others.Add((PlacementEvaluation.Size, k, other));
        if (others.Count == 0) return null;
        var query = Query(image, mask, classId, classes, cutout, sizes, random);
        return new(index, query, cutout.Source, [.. others.Select(o => new OtherPlace(o.Kind, query, o.Scale, o.Box))], random);
    }

    /// <summary>The image without the object, as a scorer is asked about it in a run; its scene is not known.</summary>
    private static PlacementQuery Query(
        ObjectImage image,
        LabelMap mask,
        byte classId,
        LabelSet classes,
        Cutout cutout,
        IReadOnlyList<(int Height, int Width)> sizes,
        CounterRandom random
    )
    {
        var left = image.Labels.Clone();
        var around = Regions.Dilate(Array.ConvertAll(mask.Labels, l => (byte)(l != 0 ? 1 : 0)), mask.Width, 3);
        for (var i = 0; i < around.Length; i++)
            if (mask.Labels[i] != 0 || (around[i] != 0 && left.Labels[i] == LabelMap.Ignore)) left.Labels[i] = LabelMap.Background;
        var scene = new ComposedScene(
            new BackgroundSample(PlacementCase.Remove(image.Image, mask, Gap, random), left, classId, null),
            ComposeOptions.Default with { Classes = classes }
        );
        return new PlacementQuery
        {
            Background = scene.Image,
            Labels = scene.Classes,
            Scene = scene.Scene,
            Objects = scene.Objects,
            ClassId = classId,
            Classes = classes,
            Foreground = cutout,
            Sizes = sizes,
        };
    }
}
