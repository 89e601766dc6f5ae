namespace FreeMask.Imaging;

/// <summary>An image and its label map, of one size.</summary>
/// <param name="Id">Its name in messages.</param>
/// <param name="Image">The image, upright.</param>
/// <param name="Labels">Class indices of the data set; <see cref="LabelMap.Ignore"/> where unknown.</param>
internal sealed record LabeledImage(string Id, RgbImage Image, LabelMap Labels)
{
    /// <summary>Checks that image and labels have one size and every label is a class.</summary>
    /// <param name="classes">Number of classes, with background.</param>
    /// <exception cref="FreeMaskException">Names the image and what is wrong.</exception>
    internal void Require(int classes)
    {
        if (Image.Width != Labels.Width || Image.Height != Labels.Height)
            throw new FreeMaskException(
                $"Sample {Id}: the image is {Image.Width}x{Image.Height}, its label map {Labels.Width}x{Labels.Height}."
            );
        foreach (var label in Labels.Labels)
            if (label != LabelMap.Ignore && label >= classes)
                throw new FreeMaskException(
                    $"Sample {Id} has the label {label}, but there are only {classes} classes (0 to {classes - 1})."
                );
    }
}
