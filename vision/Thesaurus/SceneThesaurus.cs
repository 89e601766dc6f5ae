using System.Collections.Concurrent;
using System.Text.Json;
using FreeMask.Files;

namespace FreeMask.Vision.Thesaurus;

/// <summary>
/// Which objects fit which background, from caption statistics: R(f, b) = N(f, b) / N(b), normalized R~ = R / max over f' of R(f', b),
/// thresholded (free-mask.md 1.6; the paper prints no equation, this is the form its text describes).
/// </summary>
/// <remarks>
/// Rare scenes back off: R'(f, b) = (N(f, b) + k R'(f, parent)) / (N(b) + k) (Dirichlet smoothing), where parent is the scene that contains
/// b (road: street: outdoors: all images) and k = <see cref="ThesaurusOptions.Smoothing"/>. A scene with thousands of images hardly
/// moves, one with ten takes most of its estimate from its parent. A class is allowed where, in addition, the low end of the 95 % interval
/// of R reaches the threshold in the scene itself, or in one that contains it and is common enough; the latter only if the class is not
/// far rarer in the scene than elsewhere (there are dining tables outdoors, and none in the sky).
/// </remarks>
internal sealed class SceneThesaurus
{
    // VOC's classes, and COCO's, which all other label sets share some of.
    private static readonly Lazy<ThesaurusCounts> Voc = new(() => Shipped("coco-captions.json")),
        Coco = new(() => Shipped("coco-captions-80.json"));

    private static readonly Lazy<SceneThesaurus> Usual = new(() => new(Voc.Value, null, LabelSet.Voc));

    private readonly ThesaurusOptions _options;
    private readonly string[] _classes, _scenes;
    private readonly Dictionary<string, string?> _broader;
    private readonly PhraseMatcher _sceneWords;
    private readonly int[] _labels;
    private readonly ConcurrentDictionary<string, IReadOnlyList<ClassMatch>> _ranks = new(StringComparer.Ordinal);
    private readonly string?[] _named;

    /// <summary>Makes a thesaurus from counts.</summary>
    /// <param name="counts">The counts.</param>
    /// <param name="options">How they become decisions; null for the default.</param>
    /// <param name="classes">The classes to ask for; null for those of the counts, VOC's if they are all among these.</param>
    /// <exception cref="FreeMaskException">The counts name an unknown scene.</exception>
    public SceneThesaurus(ThesaurusCounts counts, ThesaurusOptions? options = null, LabelSet? classes = null)
    {
        ArgumentNullException.ThrowIfNull(counts);
        Counts = counts;
        _options = options ?? ThesaurusOptions.Default;
        classes ??= counts.Classes.Keys.All(name => LabelSet.Voc.IndexOf(name) > 0) ? LabelSet.Voc : LabelSet.Own(counts.Classes.Keys);
        // Names that only the corpus has come last, in its order.
        _classes =
        [
            .. counts.Classes.Keys.OrderBy(name => classes.IndexOf(name) is > 0 and var label ? label : int.MaxValue),
        ];
        _named = new string?[classes.Names.Count];
        foreach (var item in classes.Classes)
            _named[item.Id] = ((string[])[item.Name, .. item.Aliases])
                .Select(name => Array.Find(_classes, counted => LabelSet.Plain(counted) == LabelSet.Plain(name)))
                .FirstOrDefault(counted => counted is not null);
        _labels = Array.ConvertAll(_classes, name => Math.Max(0, Array.IndexOf(_named, name)));
        _scenes = [.. counts.Scenes.Keys];
        _broader = counts.Scenes.ToDictionary(s => s.Key, s => s.Value.Broader);
        foreach (var (name, scene) in counts.Scenes)
        {
            if (scene.Broader is not null && !counts.Scenes.ContainsKey(scene.Broader))
                throw new FreeMaskException(
                    $"The thesaurus puts \"{name}\" inside \"{scene.Broader}\", which it does not list; rebuild it from captions."
                );
        }

        _sceneWords = new PhraseMatcher([.. _scenes.Select(s => counts.Scenes[s].Words.Append(s))], []);
    }

    /// <summary>The counts behind the answers.</summary>
    public ThesaurusCounts Counts { get; }

    /// <summary>The scenes that can be asked for.</summary>
    public IReadOnlyList<string> Scenes => _scenes;

    /// <summary>The thesaurus of the captions of 6,999 COCO images that ships (CC BY 4.0).</summary>
    /// <param name="options">How counts become decisions; null for the default.</param>
    /// <param name="classes">The classes to ask for; null for VOC's.</param>
    public static SceneThesaurus LoadDefault(ThesaurusOptions? options = null, LabelSet? classes = null) =>
        (classes ?? LabelSet.Voc) is var labels && labels.Name == LabelSet.VocName
            ? options is null ? Usual.Value : new(Voc.Value, options, labels)
            : new(Coco.Value, options, labels);

    /// <summary>Whether captions tell anything about a class.</summary>
    public bool Knows(int classId) => _named[classId] is not null;

    /// <summary>Reads a thesaurus that <see cref="Save"/> wrote.</summary>
    /// <exception cref="FreeMaskException">The file is absent or is no thesaurus.</exception>
    public static SceneThesaurus Load(string path, ThesaurusOptions? options = null, LabelSet? classes = null)
    {
        try
        {
            return Parse(File.ReadAllText(path), path, options, classes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"The thesaurus {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads counts as JSON.</summary>
    /// <param name="json">The text.</param>
    /// <param name="origin">What the text is, for messages.</param>
    /// <param name="options">How counts become decisions; null for the default.</param>
    /// <param name="classes">The classes to ask for; null for those of the counts.</param>
    /// <exception cref="FreeMaskException">The text is no thesaurus.</exception>
    public static SceneThesaurus Parse(string json, string origin, ThesaurusOptions? options = null, LabelSet? classes = null) =>
        new(ParseCounts(json, origin), options, classes);

    /// <summary>What the counts say of some backgrounds, as compact JSON: their scenes and those that contain them. It answers for these
    /// backgrounds as the whole does.</summary>
    public string Part(IEnumerable<string> backgrounds)
    {
        var scenes = backgrounds.Select(Find).OfType<string>()
            .SelectMany(scene => ThesaurusVocabulary.Chain(_broader, scene))
            .ToHashSet(StringComparer.Ordinal);
        var part = Counts with
        {
            Scenes = Counts.Scenes.Where(scene => scenes.Contains(scene.Key)).ToDictionary(StringComparer.Ordinal),
        };
        return JsonSerializer.Serialize(part, ThesaurusResources.CompactJson);
    }

    /// <summary>Writes the counts as JSON.</summary>
    public void Save(string path) => AtomicFile.Write(path, JsonSerializer.Serialize(Counts, ThesaurusResources.Json) + "\n");

    /// <summary>The scene that a background phrase names: its name ("grass"), one of its words ("lawn"), or a phrase around one ("on the
    /// grass"); null if none.</summary>
    public string? Find(string background)
    {
        ArgumentNullException.ThrowIfNull(background);
        var key = string.Join(' ', PhraseMatcher.Tokenize(background));
        if (Counts.Scenes.ContainsKey(key)) return key;
        var mentions = _sceneWords.Find(background);
        string? best = null;
        var first = ulong.MaxValue;
        for (var i = 0; i < _scenes.Length; i++)
        {
            var earliest = mentions[i] & (~mentions[i] + 1);
            if (earliest == 0 || earliest >= first) continue;
            first = earliest;
            best = _scenes[i];
        }

        return best;
    }

    /// <summary>All classes for a background, best first (ties by label).</summary>
    /// <exception cref="FreeMaskException">The background names no scene of this thesaurus; the message lists those it knows.</exception>
    public IReadOnlyList<ClassMatch> Rank(string background)
    {
        var scene =
            Find(background)
            ?? throw new FreeMaskException(
                $"The thesaurus does not know the background \"{background}\". It knows: "
                    + $"{string.Join(", ", _scenes.Order(StringComparer.Ordinal))}. "
                    + "Captions that mention another background can be counted in a thesaurus built from them."
            );
        return _ranks.GetOrAdd(scene, RankScene);
    }

    // Every draw of donors asks for it.
    private IReadOnlyList<ClassMatch> RankScene(string scene)
    {
        var counts = Counts.Scenes[scene];
        var smoothed = Smoothed(scene);
        var largest = smoothed.Max();
        var vouching = ThesaurusVocabulary.Chain(_broader, scene)
            .Where(name => name == scene || Counts.Scenes[name].Images >= _options.MinimumSceneImages)
            .Select(name => (Name: name, Counts: Counts.Scenes[name], Largest: Smoothed(name).Max()))
            .ToArray();
        return [.. _classes
            .Select((name, f) =>
            {
                var count = counts.Classes.GetValueOrDefault(name);
                var normalized = largest > 0 ? smoothed[f] / largest : 0;
                var lift = Counts.Classes[name] > 0 ? smoothed[f] * Counts.Images / Counts.Classes[name] : 0;
                var source = normalized >= _options.Threshold
                    ? Array.Find(
                        vouching,
                        v => (v.Name == scene || lift >= _options.MinimumLift) && Vouches(v.Counts, name, v.Largest)).Name
                    : null;
                return new ClassMatch(
                    _labels[f],
                    name,
                    count,
                    counts.Captions.GetValueOrDefault(name),
                    counts.Images > 0 ? (double)count / counts.Images : 0,
                    Proportion.Wilson95(count, counts.Images),
                    smoothed[f],
                    normalized,
                    lift,
                    source
                );
            })
            .OrderByDescending(m => m.Normalized).ThenBy(m => m.ClassId)];
    }

    /// <summary>The classes that the captions were searched for.</summary>
    internal IReadOnlyList<string> NamedClasses => _classes;

    /// <summary>What captions say of a class in a background; null where they never name the class.</summary>
    /// <exception cref="FreeMaskException">The background is unknown.</exception>
    public ClassMatch? MatchOf(string background, int classId) =>
        _named[classId] is { } name ? Rank(background).First(m => m.Class == name) : null;

    /// <summary>Whether a class may be put into a background; one that no caption names may be put everywhere.</summary>
    /// <exception cref="FreeMaskException">The background is unknown.</exception>
    public bool Allows(string background, int classId) => MatchOf(background, classId) is not { Allowed: false };

    /// <summary>
    /// R~(f, c) = N(f, c) / N(c) over its largest value: how well class f goes with an object of class c, in 0..1; 1 for f = c (animals and
    /// things come in groups, and captions name a group once).
    /// </summary>
    public double Beside(int classId, int other)
    {
        if (classId == other) return 1;
        if (_named[classId] is not { } name || _named[other] is not { } own) return 0;
        var largest = _classes.Max(c => ImagesNaming(c, own));
        return largest > 0 ? (double)ImagesNaming(name, own) / largest : 0;
    }

    /// <summary>Images whose captions name two different classes; 0 for one class.</summary>
    internal int ImagesNaming(string first, string second) => first == second ? 0 : Pairs(first, second) + Pairs(second, first);

    private int Pairs(string first, string second) =>
        Counts.ClassPairs.TryGetValue(first, out var pairs) ? pairs.GetValueOrDefault(second) : 0;

    private double[] Smoothed(string scene)
    {
        var rates = Array.ConvertAll(_classes, c => Counts.Images > 0 ? (double)Counts.Classes[c] / Counts.Images : 0);
        foreach (var name in ThesaurusVocabulary.Chain(_broader, scene).Reverse())
        {
            var counts = Counts.Scenes[name];
            for (var f = 0; f < rates.Length; f++)
            {
                var total = counts.Images + _options.Smoothing;
                if (total > 0) rates[f] = (counts.Classes.GetValueOrDefault(_classes[f]) + (_options.Smoothing * rates[f])) / total;
            }
        }

        return rates;
    }

    // Even the low end of the interval reaches the threshold: one image of a bicycle in a kitchen does not.
    private bool Vouches(SceneCounts counts, string name, double largest)
    {
        var count = counts.Classes.GetValueOrDefault(name);
        return count >= _options.MinimumSupport && Proportion.Wilson95(count, counts.Images).Low >= _options.Threshold * largest;
    }

    private static ThesaurusCounts Shipped(string file) => ParseCounts(ThesaurusResources.Read(file), "the shipped thesaurus");

    private static ThesaurusCounts ParseCounts(string json, string origin)
    {
        try
        {
            var counts = JsonSerializer.Deserialize<ThesaurusCounts>(json, ThesaurusResources.Json);
            if (counts is not { Classes: not null, Scenes: not null, ClassPairs: not null })
                throw new FreeMaskException($"{origin} is no thesaurus; build one from captions.");
            return counts.Images > 0 && counts.Scenes.Values.All(scene => scene is { Classes: not null, Captions: not null })
                ? counts
                : throw new FreeMaskException($"{origin} counts captions, not images, as earlier versions did; build it again.");
        }
        catch (JsonException e)
        {
            throw new FreeMaskException($"{origin} is no thesaurus ({e.Message}); build one from captions.", e);
        }
    }
}
