using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Imaging;
using FreeMask.Json;

namespace FreeMask.Vision;

/// <summary>
/// Label sets as JSON: <c>{"name":..., "description":..., "classes":[...]}</c>. A class is its name, or an object with <c>name</c> and
/// any of <c>id</c>, <c>color</c> (<c>#rrggbb</c>), <c>words</c>, <c>subclasses</c>, <c>attention</c>, <c>synonyms</c>, <c>aliases</c>,
/// <c>supports</c>, <c>height</c> (metres) and <c>kind</c>. Files of users are the same as YAML.
/// </summary>
internal static class LabelSetJson
{
    private const int LongestName = 60;

    private const double LeastMetres = 0.001, MostMetres = 1000;

    private static readonly Dictionary<string, SupportSurfaces> Surfaces = new(StringComparer.Ordinal)
    {
        ["ground"] = SupportSurfaces.Ground,
        ["water"] = SupportSurfaces.Water,
        ["air"] = SupportSurfaces.Air,
        ["table"] = SupportSurfaces.TableTop,
        ["runway"] = SupportSurfaces.Runway,
    };

    private static readonly string[] SetKeys = ["name", "description", "classes"];

    /// <summary>The keys of a class.</summary>
    internal static readonly string[] ClassKeys =
        ["name", "id", "color", "words", "subclasses", "attention", "synonyms", "aliases", "supports", "height", "kind"];

    /// <summary>The names of what a class may rest on.</summary>
    internal static IEnumerable<string> SurfaceNames => Surfaces.Keys;

    /// <summary>The names of surfaces.</summary>
    internal static IEnumerable<string> NamesOf(SupportSurfaces surfaces) =>
        Surfaces.Where(s => surfaces.HasFlag(s.Value)).Select(s => s.Key);

    internal static LabelSet ParseShipped(string name)
    {
        using var stream = typeof(LabelSetJson).Assembly.GetManifestResourceStream($"FreeMask.Vision.Labels.{name}.json")
            ?? throw new InvalidOperationException($"The assembly lacks the label set {name}.");
        // A class of a set that ships takes nothing over from the others.
        return Parse(JsonNode.Parse(stream), $"The label set {name}", (known, id) => Plain(known, id));
    }

    /// <summary>Reads a set.</summary>
    /// <param name="json">The set.</param>
    /// <param name="origin">What messages call it.</param>
    /// <exception cref="FreeMaskException">It is no set; every problem is in the message, one a line.</exception>
    internal static LabelSet Parse(JsonNode? json, string origin) => Parse(json, origin, LabelSet.Describe);

    /// <summary>Reads what <see cref="Write(LabelSet)"/> wrote.</summary>
    internal static LabelSet Read(string json) => Parse(JsonNode.Parse(json), "The label set of the run", (known, id) => Plain(known, id));

    /// <summary>Writes a set with everything that is known about each class, in one line.</summary>
    internal static string Write(LabelSet labels) =>
        new JsonObject
        {
            ["name"] = labels.Name,
            ["description"] = labels.Description,
            ["classes"] = new JsonArray([.. labels.Classes.Select(Write)]),
        }.ToJsonString(JsonFormats.Relaxed);

    /// <summary>Everything that is known about a class.</summary>
    internal static JsonObject Write(LabelClass item)
    {
        static JsonArray List(IEnumerable<string> texts) => [.. texts.Select(text => JsonValue.Create(text))];
        var json = new JsonObject
        {
            ["name"] = item.Name,
            ["id"] = item.Value,
            ["color"] = $"#{item.Color.R:x2}{item.Color.G:x2}{item.Color.B:x2}",
            ["words"] = item.Words,
            ["subclasses"] = List(item.Subclasses),
            ["attention"] = List(item.Attention),
            ["synonyms"] = List(item.Synonyms),
            ["aliases"] = List(item.Aliases),
            ["supports"] = List(NamesOf(item.Supports)),
            ["kind"] = item.IsThing ? "thing" : "stuff",
        };
        if (item.Metres is { } metres) json["height"] = metres;
        return json;
    }

    private static LabelClass Plain(string name, byte id) =>
        new() { Name = name, Id = id, Color = VocPalette.Color(id), Words = name, Synonyms = LabelSet.CaptionWords([], name) };

    private static LabelSet Parse(JsonNode? json, string origin, Func<string, byte, LabelClass> describe)
    {
        var problems = new List<string>();
        var root = json as JsonObject;
        if (root?["classes"] is not JsonArray { Count: > 0 } list)
            throw new FreeMaskException($"{origin}: it needs a list of classes, such as 'classes: [forklift, traffic cone]'.");
        foreach (var key in root.Select(pair => pair.Key).Except(SetKeys))
            problems.Add($"unknown key '{key}'; known here: {string.Join(", ", SetKeys)}.");
        if (list.Count > LabelSet.MostClasses) problems.Add($"it has {list.Count} classes; at most {LabelSet.MostClasses} are possible.");
        var classes = new List<LabelClass>();
        for (var i = 0; i < Math.Min(list.Count, LabelSet.MostClasses); i++)
            if (Class(list[i], i, describe, problems) is { } item) classes.Add(item);
        foreach (var twice in classes.GroupBy(c => LabelSet.Plain(c.Name)).Where(g => g.Count() > 1))
            problems.Add($"the class '{twice.First().Name}' is named twice; names differ by more than case, spaces and signs.");
        foreach (var twice in classes.GroupBy(c => c.Value).Where(g => g.Count() > 1))
            problems.Add($"'{twice.First().Name}' and '{twice.Last().Name}' have the id {twice.Key}; give ids to all classes or to none.");
        foreach (var twice in classes.GroupBy(c => c.Color).Where(g => g.Count() > 1))
            problems.Add($"'{twice.First().Name}' and '{twice.Last().Name}' have the same color; colors must differ.");
        if (problems.Count > 0) throw new FreeMaskException(string.Join('\n', problems.Select(problem => $"{origin}: {problem}")));
        // Ids may have gaps, labels of a segmenter have none.
        var ordered = classes.OrderBy(c => c.Value).Select((c, i) => c with { Id = (byte)(i + 1) });
        return new(Text(root, "name") ?? "file", Text(root, "description") ?? "", ordered);
    }

    private static LabelClass? Class(JsonNode? node, int index, Func<string, byte, LabelClass> describe, List<string> problems)
    {
        var json = node switch
        {
            JsonObject mapping => mapping,
            JsonValue value when value.GetValueKind() == JsonValueKind.String => new JsonObject { ["name"] = value.GetValue<string>() },
            _ => null,
        };
        if (json is null || Text(json, "name") is not { Length: > 0 } name)
        {
            problems.Add($"class {index + 1} has no name.");
            return null;
        }

        var at = new Reader(json, name, problems);
        at.RefuseUnknown();
        if (NameProblem(name) is { } problem) problems.Add(problem);
        var id = (byte)(at.Number("id", 1, LabelSet.MostClasses) ?? index + 1);
        var item = describe(name, id);
        return item with
        {
            Value = id,
            Color = at.Color() ?? item.Color,
            Words = at.Words("words") ?? item.Words,
            Subclasses = at.List("subclasses") ?? item.Subclasses,
            Attention = at.List("attention") ?? item.Attention,
            Synonyms = at.List("synonyms") ?? item.Synonyms,
            Aliases = at.List("aliases") ?? item.Aliases,
            Supports = at.Supports() ?? item.Supports,
            Metres = at.Number("height", LeastMetres, MostMetres) ?? item.Metres,
            IsThing = at.IsThing() ?? item.IsThing,
        };
    }

    /// <summary>Why a text cannot be the name of a class; null where it can.</summary>
    internal static string? NameProblem(string name)
    {
        if (name.Length > LongestName || !name.Any(char.IsLetterOrDigit))
            return $"'{name}' cannot be the name of a class; use 1 to {LongestName} characters, a letter or digit among them.";
        return name is "all" or "ignore" or "ignored" or "void" or LabelSet.Background || name.IndexOfAny([':', ',', '=', '\n', '*']) >= 0
            ? $"'{name}' cannot be the name of a class: background, ignore, void and all mean something else, and ':', ',', '=' and '*' "
                + "separate names."
            : null;
    }

    private static string? Text(JsonObject json, string key) =>
        json[key] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>().Trim() : null;

    /// <summary>Reads the keys of one class; problems are added to the list.</summary>
    private sealed class Reader(JsonObject json, string name, List<string> problems)
    {
        internal void RefuseUnknown()
        {
            foreach (var key in json.Select(pair => pair.Key).Except(ClassKeys))
                problems.Add($"'{name}' has the unknown key '{key}'; known here: {string.Join(", ", ClassKeys)}.");
        }

        internal string? Words(string key)
        {
            if (json[key] is null) return null;
            if (Text(json, key) is { Length: > 0 } text) return text;
            Refuse(key, "is no text");
            return null;
        }

        internal double? Number(string key, double least, double most)
        {
            if (json[key] is not { } node) return null;
            var number = node is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? value.GetValue<double>() : double.NaN;
            if (number >= least && number <= most && (key != "id" || number == Math.Floor(number))) return number;
            Refuse(key, string.Create(CultureInfo.InvariantCulture, $"is no {(key == "id" ? "whole " : "")}number from {least} to {most}"));
            return null;
        }

        internal IReadOnlyList<string>? List(string key)
        {
            if (json[key] is not { } node) return null;
            var texts = (node is JsonArray array ? [.. array] : new List<JsonNode?> { node })
                .Select(item => item is JsonValue value && value.TryGetValue<string>(out var text) ? text.Trim() : "")
                .ToList();
            if (texts.TrueForAll(text => text.Any(char.IsLetterOrDigit))) return texts;
            Refuse(key, "is no list of texts");
            return null;
        }

        internal (byte R, byte G, byte B)? Color()
        {
            if (json["color"] is null) return null;
            if (
                Text(json, "color") is { Length: 7 } text
                && text[0] == '#'
                && int.TryParse(text.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var rgb)
                && rgb is > 0
                && rgb != 0xE0E0C0
            )
                return ((byte)(rgb >> 16), (byte)(rgb >> 8), (byte)rgb);
            Refuse("color", "is no color such as '#ff8000' (black is background, #e0e0c0 is ignored)");
            return null;
        }

        internal SupportSurfaces? Supports()
        {
            if (List("supports") is not { } texts) return null;
            if (texts.Count > 0 && texts.All(Surfaces.ContainsKey))
                return texts.Aggregate(SupportSurfaces.None, (all, text) => all | Surfaces[text]);
            Refuse("supports", $"may name {string.Join(", ", Surfaces.Keys)}, and at least one");
            return null;
        }

        internal bool? IsThing()
        {
            if (json["kind"] is null) return null;
            if (Text(json, "kind") is ("thing" or "stuff") and var kind) return kind == "thing";
            Refuse("kind", "is 'thing' or 'stuff'");
            return null;
        }

        private void Refuse(string key, string rule) => problems.Add($"'{key}' of '{name}' {rule}.");
    }
}
