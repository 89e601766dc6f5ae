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
        var radius = Math.Max(2, (int)(HarmonizationOptions.Default.Ring * Math.Max(image.Width, image.Height)));
        foreach (var number in owner.Where(n => n != 0).Distinct().Order())
        {
            var share = new FloatMap(image.Width, image.Height);
            for (var i = 0; i < owner.Length; i++) share.Values[i] = owner[i] == number ? task.Pasted.Labels[i] / 255f : 0;
            var near = Regions.Dilate(Array.ConvertAll(owner, n => (byte)(n == number ? 1 : 0)), image.Width, radius);
            var around = Array.ConvertAll(task.Pasted.Labels, p => (byte)(p == 0 ? 1 : 0));
            for (var i = 0; i < around.Length; i++) around[i] &= near[i];
            Sharpness.Match(image, share, around, strength);
        }

        return image;
    }
}
