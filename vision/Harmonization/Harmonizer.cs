using FreeMask.Imaging;
using FreeMask.Vision.Placement;

namespace FreeMask.Vision.Harmonization;

/// <summary>What was done to one pasted object.</summary>
/// <param name="Instance">Its number in the instance map; 1 where there is none.</param>
/// <param name="Distance">How far its mean color is from its surroundings, in standard deviations of natural objects.</param>
/// <param name="Gate">How much of the change was made: 0 left alone, 1 all of it.</param>
/// <param name="ShiftL">Change of the mean lightness (CIELAB).</param>
/// <param name="ShiftA">Change of the mean of a.</param>
/// <param name="ShiftB">Change of the mean of b.</param>
internal sealed record HarmonizedObject(byte Instance, double Distance, double Gate, double ShiftL, double ShiftA, double ShiftB);

/// <summary>The harmonized image and what was done.</summary>
/// <param name="Image">The image; equal to the composite wherever nothing was pasted.</param>
/// <param name="Objects">One entry for each pasted object, by instance number.</param>
internal sealed record HarmonizedImage(RgbImage Image, IReadOnlyList<HarmonizedObject> Objects);

/// <summary>
/// Matches pasted objects to the colors around them, each by itself: gated transfer of CIELAB statistics (see the remarks of the
/// transfer). out = (1 - pasted) composite + pasted transferred, so that pixels outside never change and soft edges are only blended.
/// </summary>
internal static class Harmonizer
{
    /// <summary>Harmonizes what <see cref="Composer.Compose"/> made.</summary>
    public static HarmonizedImage Harmonize(Composite composite, HarmonizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(composite);
        return Harmonize(composite.Image, composite.Pasted, composite.Instances, options);
    }

    /// <summary>Harmonizes the pasted parts of an image.</summary>
    /// <param name="composite">The image.</param>
    /// <param name="pasted">How much of each pixel was pasted, 0 none to 255 all.</param>
    /// <param name="instances">Which object each pixel belongs to (0 none, 255 undecided); null treats all that was pasted as one
    /// object.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="FreeMaskException">The rasters differ in size.</exception>
    public static HarmonizedImage Harmonize(
        RgbImage composite,
        LabelMap pasted,
        LabelMap? instances = null,
        HarmonizationOptions? options = null
    )
    {
        ArgumentNullException.ThrowIfNull(composite);
        ArgumentNullException.ThrowIfNull(pasted);
        RequireSizes(composite, pasted, instances);
        options ??= HarmonizationOptions.Default;

        var owner = PastedRegions.Assign(pasted, instances);
        var image = composite.Clone();
        var objects = new List<HarmonizedObject>();
        var numbers = PastedRegions.Numbers(owner);
        if (numbers.Length == 0) return new HarmonizedImage(image, objects);
        var lab = LabColor.FromRgb(composite);
        foreach (var number in numbers)
        {
            var inside = LabStatistics.Of(lab, i => owner[i] == number && pasted.Labels[i] > PastedRegions.HalfPasted);
            var around = Around(lab, owner, pasted, number, options.Ring);
            if (inside.Count < PastedRegions.LeastPixels || around.Count < PastedRegions.LeastPixels)
            {
                objects.Add(new HarmonizedObject(number, 0, 0, 0, 0, 0));
                continue;
            }

            var transfer = ColorTransfer.Between(inside, around, options.Strength);
            objects.Add(
                new HarmonizedObject(number, transfer.Distance, transfer.Gate, transfer.Shift.L, transfer.Shift.A, transfer.Shift.B)
            );
            if (transfer.Gate > 0) Apply(image, lab, owner, pasted, number, transfer, inside);
        }

        return new HarmonizedImage(image, objects);
    }

    /// <summary>Statistics of the untouched pixels in a ring around the object, or of all untouched pixels where the ring has too
    /// few.</summary>
    private static LabStatistics Around(float[] lab, byte[] owner, LabelMap pasted, byte number, double ring)
    {
        var near = PastedRegions.RingOf(pasted, owner, number, ring);
        var around = LabStatistics.Of(lab, i => near[i] != 0);
        return around.Count >= PastedRegions.LeastPixels ? around : LabStatistics.Of(lab, i => pasted.Labels[i] == 0);
    }

    private static void Apply(
        RgbImage image,
        float[] lab,
        byte[] owner,
        LabelMap pasted,
        byte number,
        ColorTransfer transfer,
        LabStatistics inside
    )
    {
        for (var i = 0; i < owner.Length; i++)
        {
            if (owner[i] != number) continue;
            var (l, a, b) = transfer.Apply(inside, lab[3 * i], lab[(3 * i) + 1], lab[(3 * i) + 2]);
            var (red, green, blue) = LabColor.ToRgb(l, a, b);
            var opacity = pasted.Labels[i] / 255.0;
            LabTransfer.Blend(image.Pixels, 3 * i, red, opacity);
            LabTransfer.Blend(image.Pixels, (3 * i) + 1, green, opacity);
            LabTransfer.Blend(image.Pixels, (3 * i) + 2, blue, opacity);
        }
    }

    /// <exception cref="FreeMaskException">The rasters differ in size.</exception>
    internal static void RequireSizes(RgbImage composite, LabelMap pasted, LabelMap? instances)
    {
        RequireSize(composite, pasted, "the map of pasted pixels");
        if (instances is not null) RequireSize(composite, instances, "the instance map");
    }

    private static void RequireSize(RgbImage image, LabelMap map, string what)
    {
        if ((image.Width, image.Height) != (map.Width, map.Height))
            throw new FreeMaskException(
                $"The image is {image.Width} x {image.Height} pixels but {what} {map.Width} x {map.Height}; they must be of one size."
            );
    }
}
