using System.Collections.Concurrent;
using FreeMask.Imaging;

namespace FreeMask.Vision;

/// <summary>The classes of a run: their names, their values in label maps, and what is known about each. 0 is background, 255 is
/// ignored.</summary>
internal sealed class LabelSet
{
    /// <summary>The name of a set that has the classes of the run alone, in their order.</summary>
    public const string OwnName = "own";

    /// <summary>The name of label 0.</summary>
    public const string Background = "background";

    /// <summary>The name of PASCAL VOC's set, which is the default.</summary>
    public const string VocName = "voc";

    /// <summary>The most classes: 255 is ignored, 0 is background.</summary>
    public const int MostClasses = 254;

    private static readonly ConcurrentDictionary<string, LabelSet> Shipped = new(StringComparer.Ordinal);

    private readonly LabelClass[] _classes;
    private readonly Dictionary<string, byte> _ids = new(StringComparer.OrdinalIgnoreCase), _others = new(StringComparer.Ordinal);

    /// <param name="name">What messages call the set.</param>
    /// <param name="description">What it is, for people.</param>
    /// <param name="classes">The classes; their ids are 1 to their number, in the order of their values.</param>
    internal LabelSet(string name, string description, IEnumerable<LabelClass> classes)
    {
        (Name, Description, _classes) = (name, description, [.. classes.OrderBy(c => c.Id)]);
        Names = [Background, .. _classes.Select(c => c.Name)];
        Values = [LabelMap.Background, .. _classes.Select(c => c.Value)];
        foreach (var item in _classes) _ids.Add(item.Name, item.Id);
        // A name of a class goes before another name of a class.
        foreach (var item in _classes) _others.TryAdd(Plain(item.Name), item.Id);
        foreach (var item in _classes)
            foreach (var alias in item.Aliases) _others.TryAdd(Plain(alias), item.Id);
    }

    /// <summary>The names of the sets that ship.</summary>
    public static IReadOnlyList<string> BuiltIn { get; } = [VocName, "cityscapes", "cityscapes-human-vehicle", "coco", "ade20k"];

    /// <summary>PASCAL VOC's 20 classes.</summary>
    public static LabelSet Voc => Named(VocName);

    /// <summary>What messages call the set.</summary>
    public string Name { get; }

    /// <summary>What the set is, for people.</summary>
    public string Description { get; }

    /// <summary>Names by label; background is the first.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The values in exported data sets by label; background's 0 is the first.</summary>
    public IReadOnlyList<byte> Values { get; }

    /// <summary>A label map with the values of exported data sets.</summary>
    public LabelMap ToValues(LabelMap labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return new(
            labels.Width,
            labels.Height,
            Array.ConvertAll(labels.Labels, label => label == LabelMap.Ignore ? label : Values[label])
        );
    }

    /// <summary>The color of a value of exported data sets: that of its class, or the one of VOC's palette.</summary>
    public (byte R, byte G, byte B) ColorOfValue(byte value) =>
        Array.Find(_classes, c => c.Value == value) is { } item ? item.Color : VocPalette.Color(value);

    /// <summary>The classes in the order of their labels, without background.</summary>
    public IReadOnlyList<LabelClass> Classes => _classes;

    /// <summary>The class of a label, from 1.</summary>
    public LabelClass this[int id] => _classes[id - 1];

    /// <summary>A set that ships.</summary>
    /// <exception cref="FreeMaskException">There is none of this name.</exception>
    public static LabelSet Named(string name) =>
        BuiltIn.Contains(name)
            ? Shipped.GetOrAdd(name, static n => LabelSetJson.ParseShipped(n))
            : throw new FreeMaskException($"There is no label set '{name}'; there are {string.Join(", ", BuiltIn)}, or a file.");

    /// <summary>
    /// A set of classes that nobody described: labels in their order, colors by VOC's rule. What a set that ships knows about a class of
    /// the same name is taken over.
    /// </summary>
    public static LabelSet Own(IEnumerable<string> names) =>
        new(
            OwnName,
            "The classes of the run, in their order.",
            names.Distinct(StringComparer.OrdinalIgnoreCase).Take(MostClasses).Select((name, i) => Describe(name, (byte)(i + 1)))
        );

    /// <summary>The class of a name with all that the sets that ship know about it.</summary>
    internal static LabelClass Describe(string name, byte id)
    {
        foreach (var set in BuiltIn)
            if (Named(set)._ids.TryGetValue(name, out var known) && Named(set)[known] is var item)
                return item with { Name = name, Id = id, Color = VocPalette.Color(id), Synonyms = CaptionWords(item.Synonyms, name) };
        return new() { Name = name, Id = id, Color = VocPalette.Color(id), Words = name, Synonyms = CaptionWords([], name) };
    }

    /// <summary>The label of a class by its name, whatever its case; 0 for background, -1 where the set has no such class.</summary>
    public int IndexOf(string name) =>
        _ids.TryGetValue(name, out var id) ? id : string.Equals(name, Background, StringComparison.OrdinalIgnoreCase) ? 0 : -1;

    /// <summary>The label for a name of another data set, whatever its case and spaces, or another name of a class; -1 where the set has no
    /// such class.</summary>
    public int Match(string name)
    {
        var plain = Plain(name);
        return _others.TryGetValue(plain, out var id) ? id : plain == Background ? 0 : -1;
    }

    /// <summary>The color of a label: black for background, VOC's for 255.</summary>
    public (byte R, byte G, byte B) Color(byte label) =>
        label == LabelMap.Background || label > _classes.Length ? VocPalette.Color(label) : this[label].Color;

    /// <summary>A name without case, spaces and signs: <c>Traffic-Light</c> is <c>trafficlight</c>.</summary>
    internal static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    /// <summary>The words of a class in captions, where nobody named them: its name, and the plural.</summary>
    internal static IReadOnlyList<string> CaptionWords(IReadOnlyList<string> synonyms, string name) =>
        synonyms.Count > 0 ? synonyms : name.Any(char.IsLetterOrDigit) ? [name, Plural(name)] : [];

    private static string Plural(string name) =>
        ((string[])["s", "x", "ch", "sh"]).Any(end => name.EndsWith(end, StringComparison.Ordinal)) ? name + "es" : name + "s";
}
