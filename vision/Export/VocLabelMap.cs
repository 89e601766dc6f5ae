using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>The <c>labelmap.txt</c> that CVAT and datumaro read beside VOC folders: where it exists, every colour must be declared, void's included.</summary>
internal static class VocLabelMap
{
    internal static void Write(string path, IReadOnlyList<string> classes)
    {
        var lines = classes.Select((name, i) => (Name: name, Color: VocClasses.Color((byte)i))).Append((Name: "ignore", Color: VocClasses.Color(LabelMap.Ignore)));
        File.WriteAllText(path, "# label:color_rgb:parts:actions\n" + string.Concat(lines.Select(l => $"{l.Name}:{l.Color.R},{l.Color.G},{l.Color.B}::\n")));
    }
}
