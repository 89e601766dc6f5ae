namespace FreeMask.Imaging;

/// <summary>Refuses images by their header, before memory for their pixels is taken.</summary>
internal static class ImageLimits
{
    internal static void Require(long width, long height, long maximumPixels, string origin)
    {
        if (width * height > maximumPixels)
            throw new FreeMaskException(
                $"{origin} claims {width} x {height} pixels; more than {maximumPixels / 1_000_000} million are refused. Scale it down "
                    + "first."
            );
    }
}
