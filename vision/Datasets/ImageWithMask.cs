using FreeMask.Imaging;

namespace FreeMask.Vision.Datasets;

/// <summary>
/// Brings an image and its mask together. A mask without an EXIF orientation of its own belongs to the stored pixels: where the image is
/// turned by its orientation, the mask is turned with it. Only a mask that has the turned image's size, and not the stored one's, was drawn
/// on the turned image.
/// </summary>
internal static class ImageWithMask
{
    /// <summary>Loads the image, and turns both upright.</summary>
    /// <param name="imagePath">The image.</param>
    /// <param name="mask">The mask as it is stored, and its own orientation; 1 for none.</param>
    /// <param name="maskName">What messages call the mask.</param>
    /// <exception cref="FreeMaskException">The image cannot be read, or the sizes differ.</exception>
    internal static (RgbImage Image, LabelMap Labels) Load(string imagePath, (LabelMap Stored, int Orientation) mask, string maskName)
    {
        var (stored, orientation) = ImageCodec.LoadStored(imagePath);
        var image = Orientation.Upright(stored, orientation);
        var labels = mask.Orientation != 1 ? Orientation.Upright(mask.Stored, mask.Orientation)
            : (mask.Stored.Width, mask.Stored.Height) == (stored.Width, stored.Height) ? Orientation.Upright(mask.Stored, orientation)
            : mask.Stored;
        if ((labels.Width, labels.Height) == (image.Width, image.Height)) return (image, labels);
        var turned = orientation == 1 ? "" : $" (its EXIF orientation is {orientation})";
        throw new FreeMaskException(
            $"{maskName} is {mask.Stored.Width} x {mask.Stored.Height}, its image {imagePath} {stored.Width} x {stored.Height}{turned}."
        );
    }
}
