namespace FreeMask.Imaging;

/// <summary>PASCAL VOC's palette of 256 colors, in which label maps are shown and stored.</summary>
internal static class VocPalette
{
    /// <summary>VOC's color of an index: the bits of the index go to R, G, B in turn, from the highest bit down (VOC devkit,
    /// <c>VOClabelcolormap</c>).</summary>
    public static (byte R, byte G, byte B) Color(byte index)
    {
        int r = 0, g = 0, b = 0, rest = index;
        for (var bit = 7; rest != 0; bit--, rest >>= 3)
        {
            r |= (rest & 1) << bit;
            g |= ((rest >> 1) & 1) << bit;
            b |= ((rest >> 2) & 1) << bit;
        }

        return ((byte)r, (byte)g, (byte)b);
    }
}
