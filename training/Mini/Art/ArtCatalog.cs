using System.Globalization;
using System.Text;
using System.Text.Json;
using FreeMask.Randomness;
using NetVips;

namespace FreeMask.Training.Mini.Art;

/// <summary>
/// All images of objects that scenes are drawn from: icons of seven packages (fetched by <c>infra/art/fetch.sh</c>) and the project's own
/// drawings (<see cref="DrawnArt"/>). About a fifth of every class is held out, the same images on every machine; the packages of
/// <see cref="ArtSelection.Additional"/> are for training only.
/// </summary>
internal sealed class ArtCatalog
{
    private const ulong HoldOutSeed = 20;
    private const double RenderSide = 256;

    private readonly ILookup<int, Sprite> _training, _heldOut;

    private ArtCatalog(IReadOnlyList<Sprite> sprites)
    {
        Sprites = sprites;
        _training = sprites.Where(sprite => !sprite.HeldOut).ToLookup(sprite => sprite.ClassId);
        _heldOut = sprites.Where(sprite => sprite.HeldOut).ToLookup(sprite => sprite.ClassId);
    }

    /// <summary>Every sprite, by class, then by name.</summary>
    public IReadOnlyList<Sprite> Sprites { get; }

    /// <summary>The sprites of a class that training may use (or, with <paramref name="heldOut"/>, those it may not).</summary>
    public IReadOnlyList<Sprite> OfClass(int classId, bool heldOut) => [.. (heldOut ? _heldOut : _training)[classId]];

    /// <summary>Loads and rasterises everything.</summary>
    /// <param name="directory">The folder that <c>infra/art/fetch.sh</c> filled.</param>
    /// <exception cref="FreeMaskException">The folder or a package in it is missing.</exception>
    public static ArtCatalog Load(string directory)
    {
        var noto = IconPackage.Open(Path.Combine(directory, "noto"));
        var flat = IconPackage.Open(Path.Combine(directory, "fluent-flat"));
        var solid = OpenSolidIcons(Path.Combine(directory, "fluent-3d"), flat);
        var candidates = new List<Candidate>();
        foreach (var choice in ArtSelection.Choices)
        {
            if (choice.Sets.HasFlag(ArtSets.Noto)) candidates.Add(Svg(choice, "noto", noto.Svg(choice.Icon)));
            if (choice.Sets.HasFlag(ArtSets.Flat)) candidates.Add(Svg(choice, "flat", flat.Svg(choice.Icon)));
            if (choice.Sets.HasFlag(ArtSets.Solid)) candidates.Add(Solid(choice, solid));
        }

        foreach (var drawing in DrawnArt.All())
            candidates.Add(new Candidate($"own:{drawing.Name}", drawing.ClassId, () => Rasterise(drawing.Svg)));
        var heldOut = candidates.GroupBy(candidate => candidate.ClassId).SelectMany(HoldOut).ToHashSet(StringComparer.Ordinal);
        var heldOutOutlines = heldOut.Select(Outline).ToHashSet();
        candidates.AddRange(Additional(directory).Where(candidate => !heldOutOutlines.Contains(Outline(candidate.Name))));
        return Rasterise(candidates, heldOut);
    }

    /// <summary>Loads the images of a style that no training sees; all count as held out.</summary>
    /// <param name="directory">The folder that <c>infra/art/fetch.sh</c> filled.</param>
    /// <param name="style">One of <see cref="ArtSelection.TestStyles"/>.</param>
    /// <exception cref="FreeMaskException">The style is unknown, or the folder or the package in it is missing.</exception>
    public static ArtCatalog LoadTestStyle(string directory, string style)
    {
        if (!ArtSelection.TestStyles.TryGetValue(style, out var icons))
            throw new FreeMaskException(
                $"There is no test style named '{style}'; known are {string.Join(", ", ArtSelection.TestStyles.Keys)}."
            );
        var package = IconPackage.Open(Path.Combine(directory, style));
        List<Candidate> candidates =
        [
            .. icons.Select(icon => new Candidate($"{style}:{icon.Icon}", icon.ClassId, () => Rasterise(package.Svg(icon.Icon)))),
        ];
        return Rasterise(candidates, [.. candidates.Select(candidate => candidate.Name)]);
    }

    private static IEnumerable<Candidate> Additional(string directory)
    {
        (ArtSets Set, string Folder)[] packages =
        [
            (ArtSets.NotoV1, "noto-v1"),
            (ArtSets.EmojiOne, "emojione"),
            (ArtSets.Gradient, "fluent"),
            (ArtSets.Streamline, "streamline"),
        ];
        foreach (var (set, folder) in packages)
        {
            var package = IconPackage.Open(Path.Combine(directory, folder));
            foreach (var choice in ArtSelection.Additional.Where(choice => choice.Sets.HasFlag(set)))
                yield return Svg(choice, folder, package.Svg(choice.Icon));
        }

        foreach (var drawing in DrawnArt.Additional())
            yield return new Candidate($"own:{drawing.Name}", drawing.ClassId, () => Rasterise(drawing.Svg));
    }

    /// <summary>What an image shares with the other styles of its family: the family and the icon.</summary>
    private static (string Family, string Icon) Outline(string name)
    {
        var colon = name.IndexOf(':');
        return (ArtSelection.Family(name[..colon]), name[(colon + 1)..]);
    }

    private static ArtCatalog Rasterise(List<Candidate> candidates, HashSet<string> heldOut)
    {
        var ordered = candidates
            .OrderBy(candidate => candidate.ClassId)
            .ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
            .ToArray();
        var sprites = new Sprite[ordered.Length];
        Parallel.For(0, ordered.Length, i =>
        {
            var candidate = ordered[i];
            using var picture = candidate.Load();
            sprites[i] = Sprite.From(picture, candidate.Name, candidate.ClassId, heldOut.Contains(candidate.Name))
                ?? throw new FreeMaskException($"The image {candidate.Name} is empty; fetch the art again with infra/art/fetch.sh.");
        });
        return new ArtCatalog(sprites);
    }

    /// <summary>A fifth of a class; at most one style of any icon, so that the others stay in training.</summary>
    private static IEnumerable<string> HoldOut(IGrouping<int, Candidate> ofClass)
    {
        var names = ofClass.Select(candidate => candidate.Name).Order(StringComparer.Ordinal).ToArray();
        new CounterRandom(HoldOutSeed, ofClass.Key, 0, "held-out-art").Shuffle(names.AsSpan());
        return names.DistinctBy(name => name[(name.IndexOf(':') + 1)..]).Take(Math.Max(1, (int)Math.Round(names.Length / 5.0)));
    }

    private static Candidate Svg(ArtChoice choice, string set, string svg) =>
        new($"{set}:{choice.Icon}", choice.ClassId, () => Rasterise(svg));

    private static Candidate Solid(ArtChoice choice, Dictionary<string, string> files) =>
        files.TryGetValue(choice.Icon, out var file)
            ? new Candidate($"3d:{choice.Icon}", choice.ClassId, () => Image.NewFromFile(file))
            : throw Missing(file ?? choice.Icon);

    private static Image Rasterise(string svg)
    {
        var bytes = Encoding.UTF8.GetBytes(svg);
        using var probe = Image.SvgloadBuffer(bytes);
        return Image.SvgloadBuffer(bytes, scale: RenderSide / Math.Max(probe.Width, probe.Height));
    }

    private static Dictionary<string, string> OpenSolidIcons(string directory, IconPackage flat)
    {
        var assets = Path.Combine(directory, "assets");
        if (!Directory.Exists(assets)) throw Missing(assets);
        var byCode = Directory.EnumerateFiles(assets, "*.webp")
            .Order(StringComparer.Ordinal)
            .GroupBy(file => IconPackage.Normalize(Path.GetFileNameWithoutExtension(file)), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        return flat.Codes.Where(pair => byCode.ContainsKey(pair.Value)).ToDictionary(pair => pair.Key, pair => byCode[pair.Value]);
    }

    internal static FreeMaskException Missing(string path) =>
        new($"The training art is missing ({path}); fetch it with infra/art/fetch.sh and name its folder.");

    private sealed record Candidate(string Name, int ClassId, Func<Image> Load);

    /// <summary>An Iconify JSON package: SVG bodies by name, and the code points of the names.</summary>
    private sealed class IconPackage
    {
        private readonly JsonElement _icons, _aliases;
        private readonly double _width, _height;

        private IconPackage(JsonElement root, Dictionary<string, string> codes)
        {
            _icons = root.GetProperty("icons");
            _aliases = root.TryGetProperty("aliases", out var aliases) ? aliases : default;
            _width = Side(root, "width", 16);
            _height = Side(root, "height", 16);
            Codes = codes;
        }

        /// <summary>Normalized code points by icon name.</summary>
        internal Dictionary<string, string> Codes { get; }

        internal static IconPackage Open(string directory)
        {
            var root = Parse(Path.Combine(directory, "icons.json"));
            var codes = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in Parse(Path.Combine(directory, "chars.json")).EnumerateObject())
                codes.TryAdd(entry.Value.GetString()!, Normalize(entry.Name));
            return new IconPackage(root, codes);
        }

        /// <summary>Code points without variation selectors and leading zeros: the packages differ in both.</summary>
        internal static string Normalize(string code) =>
            string.Join('-', code.ToLowerInvariant().Split('-').Where(part => part != "fe0f").Select(part => part.TrimStart('0')));

        internal string Svg(string name)
        {
            if (_aliases.ValueKind == JsonValueKind.Object && _aliases.TryGetProperty(name, out var alias))
                name = alias.GetProperty("parent").GetString()!;
            if (!_icons.TryGetProperty(name, out var icon)) throw Missing($"icon {name}");
            var (width, height) = (Side(icon, "width", _width), Side(icon, "height", _height));
            return string.Create(
                CultureInfo.InvariantCulture,
                $"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="{height}" """
                    + $"""viewBox="0 0 {width} {height}">{icon.GetProperty("body").GetString()}</svg>"""
            );
        }

        private static double Side(JsonElement element, string name, double otherwise) =>
            element.TryGetProperty(name, out var value) ? value.GetDouble() : otherwise;

        private static JsonElement Parse(string file)
        {
            if (!File.Exists(file)) throw Missing(file);
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return document.RootElement.Clone();
        }
    }
}
