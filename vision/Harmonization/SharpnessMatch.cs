using FreeMask.Imaging;

namespace FreeMask.Vision.Harmonization;

/// <summary>Blurs the pasted objects of a harmonized image that are sharper than what surrounds them.</summary>
internal static class SharpnessMatch
{
    /// <summary>Matches every object.</summary>
    /// <param name="harmonized">The image; it is not changed.</param>
    /// <param name="task">What was pasted.</param>
    /// <param name="strength">How much of the blurred objects to take, 0..1.</param>
    internal static RgbImage Apply(HarmonizedImage harmonized, HarmonizerTask task, double strength = 1)
    {
        var image = harmonized.Image.Clone();
        var owner = PastedRegions.Assign(task.Pasted, task.Instances);
        foreach (var number in PastedRegions.Numbers(owner))
        {
            var around = PastedRegions.RingOf(task.Pasted, owner, number, HarmonizationOptions.Default.Ring);
            Sharpness.Match(image, PastedRegions.ShareOf(task.Pasted, owner, number), around, strength);
        }

        return image;
    }
}
