using System.Globalization;
using FreeMask.Imaging;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Vision.Datasets;

/// <summary>
/// The classes of a folder in VOC's layout: those of a <c>labelmap.txt</c> as CVAT and datumaro write and read it
/// (<c>name:r,g,b:parts:actions</c>), or VOC's. Where the file exists, every color must be declared, void's included.
/// </summary>
internal sealed class VocLabelMap
{
    internal const string FileName = "labelmap.txt";

    private static readonly string[] VoidNames = ["ignore", "ignored", "void"];

    private readonly string? _path;

    private VocLabelMap(string? path, IReadOnlyList<string> names, IReadOnlyDictionary<int, byte> colors)
    {
        (_path, Names) = (path, names);
        Colors = new MaskColors(
            names.Count,
            colors,
            false,
            path is null
                ? $"Declare it in a {FileName} beside the images' folder (a line such as 'cat:64,0,0::' for each class), or save the "
                    + "masks as grey PNG whose values are class indices."
                : $"Declare it in {path}, or save the masks as grey PNG whose values are class indices."
        );
    }

    /// <summary>Class names by index; background is among them.</summary>
    internal IReadOnlyList<string> Names { get; }

    /// <summary>How masks are read.</summary>
    internal MaskColors Colors { get; }

    /// <summary>Reads the file of a data set's root; VOC's classes where there is none.</summary>
    /// <exception cref="FreeMaskException">A line of the file is wrong.</exception>
    internal static VocLabelMap Read(string root)
    {
        var path = Path.Combine(root, FileName);
        if (File.Exists(path)) return Parse(path);
        // All colors of VOC's palette: one above the classes is told by its index.
        return new(
            null,
            LabelSet.Voc.Names,
            Enumerable.Range(0, 256).ToDictionary(i => MaskColors.Key(VocPalette.Color((byte)i)), i => (byte)i)
        );
    }

    /// <summary>Writes the file for classes in their colors.</summary>
    internal static void Write(string path, IReadOnlyList<string> classes, Func<byte, (byte R, byte G, byte B)> colorOf)
    {
        var lines = classes
            .Select((name, i) => (Name: name, Color: colorOf((byte)i)))
            .Append((Name: VoidNames[0], Color: VocPalette.Color(LabelMap.Ignore)));
        File.WriteAllText(
            path,
            "# label:color_rgb:parts:actions\n" + string.Concat(lines.Select(l => $"{l.Name}:{l.Color.R},{l.Color.G},{l.Color.B}::\n"))
        );
    }

    /// <summary>The label in a label set for each label here, matched by name.</summary>
    /// <param name="labels">The label set.</param>
    /// <param name="pairs">Pairs of names that differ, such as <c>rider=person</c>.</param>
    /// <exception cref="FreeMaskException">A class is in no pair and not in the label set, or a pair is wrong.</exception>
    internal byte[] To(LabelSet labels, IEnumerable<string>? pairs)
    {
        var table = ClassMapping.ToAll(labels, Names, pairs, out var strangers);
        return strangers.Count == 0 ? table : throw Unknown(labels, strangers);
    }

    /// <summary>What to tell a user about classes that a label set does not have.</summary>
    internal FreeMaskException Unknown(LabelSet labels, IReadOnlyList<string> strangers)
    {
        var (named, names) = (string.Join(", ", strangers), ClassMapping.NameOf(labels));
        var known = $"{names} ({string.Join(", ", labels.Names)})";
        return new(
            _path is null
                ? $"There is no {FileName} beside the masks, so their classes are PASCAL VOC's, and {named} are none of {known}. Declare "
                    + $"the classes of the masks in a {FileName}, or pair them in a class map, such as '*=background'."
                : $"{_path} has classes that are none of {names}: {named}. Remove the lines of classes that no mask uses, and rename the "
                    + $"others to {known}, or pair them in a class map, such as '{strangers[0]}={labels.Names[1]}'."
        );
    }

    private static VocLabelMap Parse(string path)
    {
        var lines = File.ReadLines(path)
            .Select((text, i) => (Number: i + 1, Text: text.Trim()))
            .Where(l => l.Text.Length > 0 && l.Text[0] != '#')
            .Select(l => Line(path, l.Number, l.Text))
            .ToList();
        var classes = lines.Where(l => !VoidNames.Contains(l.Name, StringComparer.OrdinalIgnoreCase)).ToList();
        if (classes.Count == 0) throw new FreeMaskException($"{path} names no class; it needs a line such as 'cat:64,0,0::' for each.");
        // As datumaro: where neither a name nor black stands for background, it comes before all.
        if (!classes.Exists(c => LabelSet.Voc.Match(c.Name) == LabelMap.Background || c.Color == (0, 0, 0)))
            classes.Insert(0, (LabelSet.Background, (0, 0, 0)));
        if (classes.Count >= LabelMap.Ignore)
            throw new FreeMaskException($"{path} names {classes.Count} classes; at most {LabelMap.Ignore - 1} are possible.");
        if (classes.GroupBy(c => c.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new FreeMaskException($"{path} names the class '{twice.Key}' twice.");

        var colors = new Dictionary<int, byte>();
        foreach (
            var (label, name, color) in classes
                .Select((c, i) => (Label: (byte)i, c.Name, Color: c.Color ?? VocPalette.Color((byte)i)))
                .Concat(
                    lines
                        .Where(l => VoidNames.Contains(l.Name, StringComparer.OrdinalIgnoreCase) && l.Color is not null)
                        .Select(l => (Label: LabelMap.Ignore, l.Name, Color: l.Color!.Value))
                )
        )
            if (!colors.TryAdd(MaskColors.Key(color), label))
                throw new FreeMaskException(
                    $"{path} gives '{name}' the color {color.R},{color.G},{color.B} of another class; colors must differ."
                );
        colors.TryAdd(MaskColors.Key(VocPalette.Color(LabelMap.Ignore)), LabelMap.Ignore);
        return new(path, [.. classes.Select(c => c.Name)], colors);
    }

    private static (string Name, (byte R, byte G, byte B)? Color) Line(string path, int number, string text)
    {
        var parts = text.Split(':');
        var name = parts[0].Trim();
        if (name.Length == 0) throw new FreeMaskException($"{path}:{number} has no class name; write a line such as 'cat:64,0,0::'.");
        if (parts.Length < 2 || parts[1].Trim().Length == 0) return (name, null);
        var numbers = parts[1].Split(',');
        return numbers.Length == 3 && Level(numbers[0]) is { } red && Level(numbers[1]) is { } green && Level(numbers[2]) is { } blue
            ? (name, (red, green, blue))
            : throw new FreeMaskException(
                $"{path}:{number} has the color '{parts[1]}'; write three levels from 0 to 255, such as 'cat:64,0,0::'."
            );
    }

    private static byte? Level(string text) =>
        byte.TryParse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var level)
            ? level
            : null;
}
