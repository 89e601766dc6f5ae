namespace FreeMask.Imaging;

/// <summary>Checks that every raster type shares.</summary>
internal static class PixelGrid
{
    internal static int Area(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        return checked(width * height);
    }

    internal static void RequireLength<T>(T[] data, int expected, string name)
    {
        ArgumentNullException.ThrowIfNull(data, name);
        if (data.Length != expected) throw new ArgumentException($"{name} has {data.Length} elements, expected {expected}.", name);
    }
}
