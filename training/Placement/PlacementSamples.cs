using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Placement;

namespace FreeMask.Training.Placement;

/// <summary>A judged place.</summary>
/// <param name="Row">Row of the object's center.</param>
/// <param name="Column">Its column.</param>
/// <param name="IsPlausible">Whether it is plausible.</param>
internal readonly record struct JudgedPlace(int Row, int Column, bool IsPlausible);

/// <summary>One object at one size in one background, as the network sees them.</summary>
/// <param name="Background">Planes [3, s, s].</param>
/// <param name="Foreground">Planes [3, s, s].</param>
/// <param name="Mask">[s, s].</param>
/// <param name="Places">Judged places; the first is the one of the composite.</param>
/// <param name="Composite">Planes [3, s, s]: the object in the first place.</param>
internal sealed record PlacementSample(
    float[] Background,
    float[] Foreground,
    float[] Mask,
    IReadOnlyList<JudgedPlace> Places,
    float[] Composite
)
{
    /// <summary>What the network sees of an object at a size.</summary>
    /// <param name="background">The background, squashed to the network's size.</param>
    /// <param name="cutout">The object.</param>
    /// <param name="size">Its size in pixels of the image that the background was squashed from.</param>
    /// <param name="image">Width and height of that image.</param>
    /// <param name="places">Judged places, the first for the composite.</param>
    internal static PlacementSample Of(
        RgbImage background,
        Cutout cutout,
        (int Height, int Width) size,
        (int Width, int Height) image,
        IReadOnlyList<JudgedPlace> places
    )
    {
        var (width, height) = (background.Width, background.Height);
        var (canvas, mask) = PlacementInputs.Canvas(cutout, size, image, width, height);
        var composite = background.Clone();
        var (down, right) = (places[0].Row - (height / 2), places[0].Column - (width / 2));
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                if (mask[x, y] == 0 || (uint)(x + right) >= (uint)width || (uint)(y + down) >= (uint)height) continue;
                canvas[x, y].CopyTo(composite[x + right, y + down]);
            }

        return new(Planes(background), Planes(canvas), mask.Values, places, Planes(composite));
    }

    private static float[] Planes(RgbImage image)
    {
        var planes = new float[image.Pixels.Length];
        PlacementInputs.Fill(image, planes);
        return planes;
    }
}

/// <summary>
/// Samples without end, as FOPA's labels from photographs with masks: the object is taken out and the gap filled
/// (<see cref="PlacementCase"/>); its own place is plausible at its own size, other places are not, and no place is at a wrong size.
/// Images are squashed to squares as the network sees them. A sample depends on (seed, its number) alone.
/// </summary>
internal sealed class PlacementSamples(int side) : IPlacementSamples
{
    // Factors of wrong sizes, and of those that still count as right.
    private const double Smallest = 0.4, Small = 0.6, Large = 1.7, Largest = 2.5, Tolerance = 1.1;

    private const double WrongSize = 0.4, MostEnlarged = 2.2;

    private const int Others = 6, LeastSide = 4, Detail = 2;

    private readonly List<Example[]> _examples = [];
    private readonly List<string> _names = [];

    /// <inheritdoc/>
    public int Count => _examples.Count;

    /// <summary>Names of the images, in order.</summary>
    internal IReadOnlyList<string> Names => _names;

    /// <summary>Adds the objects of an image that its border does not cut.</summary>
    internal void Add(ObjectImage image)
    {
        var before = Count;
        foreach (var mask in image.Objects)
        {
            var pair = new[] { false, true }.Select(mirrored => Example.Of(image.Image, mask, side, mirrored)).OfType<Example>().ToArray();
            if (pair.Length == 2) _examples.Add(pair);
        }

        if (Count > before) _names.Add(image.Name);
    }

    /// <inheritdoc/>
    public PlacementSample Draw(ulong seed, long number, string purpose)
    {
        var random = new CounterRandom(seed, number, 0, purpose);
        var example = _examples[random.NextInt(_examples.Count)][random.NextInt(2)];
        var isRight = random.NextDouble() >= WrongSize;
        var factor = isRight ? Math.Pow(Tolerance, random.NextDouble(-1, 1)) : Wrong(random);
        var size = example.SizeAt(factor);
        var truth = PlacementCase.Standing(example.Box, size);
        if (!PlacementCase.IsInside(truth, side, side))
        {
            // Too large for the image at that place: its own size instead.
            (isRight, factor, size, truth) = (true, 1, example.SizeAt(1), PlacementCase.Standing(example.Box, example.SizeAt(1)));
        }

        // A gap that always had the size of the object would tell whether the size is right.
        var enlarged = Math.Max(factor, 1) * random.NextDouble(1, MostEnlarged);
        var background = PlacementCase.Remove(example.Image, example.Mask, enlarged, random);
        var places = new List<JudgedPlace> { Judged(truth, isRight) };
        for (var n = 0; n < Others; n++)
            if (PlacementCase.Elsewhere(example.Box, size, side, side, random) is { } other) places.Add(Judged(other, false));
        var shown = random.NextInt(2) == 0 ? 0 : random.NextInt(places.Count);
        (places[0], places[shown]) = (places[shown], places[0]);
        return PlacementSample.Of(background, example.Cutout, size, (side, side), places);
    }

    private static double Wrong(CounterRandom random) =>
        random.NextInt(2) == 0 ? random.NextDouble(Smallest, Small) : random.NextDouble(Large, Largest);

    private static JudgedPlace Judged(PixelBox box, bool isPlausible) =>
        new(box.Y + (box.Height / 2), box.X + (box.Width / 2), isPlausible);

    private sealed record Example(RgbImage Image, LabelMap Mask, Cutout Cutout, PixelBox Box)
    {
        internal static Example? Of(RgbImage image, LabelMap mask, int side, bool mirrored)
        {
            var (fine, fineMask) = (
                Resampling.Resize(image, Detail * side, Detail * side, ResamplingFilter.Antialias),
                Resampling.Resize(mask, Detail * side, Detail * side)
            );
            if (mirrored) (fine, fineMask) = (Orientation.Mirror(fine), Orientation.Mirror(fineMask));
            var labels = new LabelMap(fineMask.Width, fineMask.Height, Array.ConvertAll(fineMask.Labels, l => l != 0 ? (byte)1 : (byte)0));
            if (Cutout.Whole(fine, labels, 1) is not { Cut: BorderSides.None } cutout) return null;
            var small = Resampling.Resize(labels, side, side);
            var box = PixelBox.Of(small, label => label != 0);
            if (box.Width < LeastSide || box.Height < LeastSide) return null;
            return new(Resampling.Resize(fine, side, side, ResamplingFilter.Antialias), small, cutout, box);
        }

        internal (int Height, int Width) SizeAt(double factor) => (
            Math.Max(1, (int)((Cutout.Height * factor / Detail) + 0.5)), Math.Max(1, (int)((Cutout.Width * factor / Detail) + 0.5)));
    }
}
