namespace FreeMask.Vision;

/// <summary>PASCAL VOC's 20 object classes: indices, names, the words that a prompt uses, and the palette.</summary>
public static class VocClasses
{
    /// <summary>Names by index; 0 is background, 1-20 the object classes in VOC's order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse",
        "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ];

    /// <summary>The index of a class by its VOC name, or -1.</summary>
    public static int IndexOf(string name)
    {
        for (var i = 0; i < Names.Count; i++)
            if (string.Equals(Names[i], name, StringComparison.OrdinalIgnoreCase)) return i;
        return -1;
    }

    /// <summary>The words of a class in a prompt: VOC's compound names are written apart, as a text encoder knows them.</summary>
    public static string PromptWords(string name) => name switch
    {
        "diningtable" => "dining table",
        "pottedplant" => "potted plant",
        "tvmonitor" => "tv monitor",
        _ => name,
    };

    /// <summary>VOC's colour of an index: the bits of the index are dealt to R, G, B from the highest bit down (VOC devkit, <c>VOClabelcolormap</c>).</summary>
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
