namespace FreeMask.Vision;

/// <summary>PASCAL VOC's 20 object classes: indices, names, and the words that a prompt uses.</summary>
internal static class VocClasses
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
}
