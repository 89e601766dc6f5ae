using System.Text.Json;
using FreeMask.Files;

namespace FreeMask.Vision.Thesaurus;

/// <summary>One class seen from one background.</summary>
/// <param name="ClassId">Its label, from 1; 0 for a class of the corpus that the label set does not have.</param>
/// <param name="Class">Its name in the corpus.</param>
/// <param name="Count">N(f, b): captions that mention both.</param>
/// <param name="R">N(f, b) / N(b), in 0..1; 0 where the background never occurs.</param>
/// <param name="Smoothed">R after backing off to the containing scenes, in 0..1.</param>
/// <param name="Normalized">R~: the smoothed R over the largest smoothed R of this background, in 0..1.</param>
/// <param name="Lift">The smoothed R over the class's share of all captions: above 1, the class is named more often with this background
/// than without.</param>
/// <param name="Support">Captions that vouch for the pair: N(f, b), or that of the narrowest containing scene that is common
/// enough.</param>
/// <param name="Allowed">Whether R~ (with regard to lift) and support reach their thresholds.</param>
internal sealed record ClassMatch(
    int ClassId,
    string Class,
    int Count,
    double R,
    double Smoothed,
    double Normalized,
    double Lift,
    int Support,
    bool Allowed
);

/// <summary>
/// Which objects fit which background, from caption statistics: R(f, b) = N(f, b) / N(b), normalized R~ = R / max over f' of R(f', b),
/// thresholded (free-mask.md 1.6; the paper prints no equation, this is the form its text describes).
/// </summary>
/// <remarks>
/// Rare scenes back off: R'(f, b) = (N(f, b) + k R'(f, parent)) / (N(b) + k) (Dirichlet smoothing), where parent is the scene that contains
/// b (road: street: outdoors: all captions) and k = <see cref="ThesaurusOptions.Smoothing"/>. A scene with thousands of captions hardly
/// moves, one with ten takes most of its estimate from its parent.
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

    /// <summary>The thesaurus of 10,000 COCO captions that ships (CC BY 4.0).</summary>
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
    public static SceneThesaurus Load(string path, ThesaurusOptions? options = null)
    {
        try
        {
            return new SceneThesaurus(ParseCounts(File.ReadAllText(path), path), options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"The thesaurus {path} cannot be read: {e.Message}", e);
        }
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
        var counts = Counts.Scenes[scene];
        var smoothed = Smoothed(scene);
        var largest = smoothed.Max();
        var vouching = Vouching(scene);
        return [.. _classes
            .Select((name, f) =>
            {
                var count = counts.Classes.GetValueOrDefault(name);
                var normalized = largest > 0 ? smoothed[f] / largest : 0;
                var lift = Counts.Classes[name] > 0 ? smoothed[f] * Counts.Captions / Counts.Classes[name] : 0;
                var support = Math.Max(count, vouching?.GetValueOrDefault(name) ?? 0);
                return new ClassMatch(
                    _labels[f],
                    name,
                    count,
                    counts.Captions > 0 ? (double)count / counts.Captions : 0,
                    smoothed[f],
                    normalized,
                    lift,
                    support,
                    support >= _options.MinimumSupport
                        && normalized
                            >= (
                                lift >= _options.TypicalLift
                                    ? Math.Min(_options.TypicalThreshold, _options.Threshold)
                                    : _options.Threshold
                            )
                );
            })
            .OrderByDescending(m => m.Normalized).ThenBy(m => m.ClassId)];
    }

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
        var largest = _classes.Max(c => Pair(c, own));
        return largest > 0 ? (double)Pair(name, own) / largest : 0;
    }

    private int Pair(string first, string second) => first == second ? 0 : Pairs(first, second) + Pairs(second, first);

    private int Pairs(string first, string second) =>
        Counts.ClassPairs.TryGetValue(first, out var pairs) ? pairs.GetValueOrDefault(second) : 0;

    private double[] Smoothed(string scene)
    {
        var rates = Array.ConvertAll(_classes, c => Counts.Captions > 0 ? (double)Counts.Classes[c] / Counts.Captions : 0);
        foreach (var name in ThesaurusVocabulary.Chain(_broader, scene).Reverse())
        {
            var counts = Counts.Scenes[name];
            for (var f = 0; f < rates.Length; f++)
            {
                var total = counts.Captions + _options.Smoothing;
                if (total > 0) rates[f] = (counts.Classes.GetValueOrDefault(_classes[f]) + (_options.Smoothing * rates[f])) / total;
            }
        }

        return rates;
    }

    private IReadOnlyDictionary<string, int>? Vouching(string scene) =>
        ThesaurusVocabulary
            .Chain(_broader, scene)
            .Select(s => Counts.Scenes[s])
            .FirstOrDefault(s => s.Captions >= _options.MinimumSceneCaptions)
            ?.Classes;

    private static ThesaurusCounts Shipped(string file) => ParseCounts(ThesaurusResources.Read(file), "the shipped thesaurus");

    private static ThesaurusCounts ParseCounts(string json, string origin)
    {
        try
        {
            var counts = JsonSerializer.Deserialize<ThesaurusCounts>(json, ThesaurusResources.Json);
            return counts is { Classes: not null, Scenes: not null, ClassPairs: not null }
                ? counts
                : throw new FreeMaskException($"{origin} is no thesaurus; build one from captions.");
        }
        catch (JsonException e)
        {
            throw new FreeMaskException($"{origin} is no thesaurus ({e.Message}); build one from captions.", e);
        }
    }
}
