namespace FreeMask.Vision.Thesaurus;

/// <summary>
/// Counts a caption corpus. N(b), N(f) and N(f, b) are numbers of captions that mention scene b, class f, both (free-mask.md 1.6:
/// Free-Mask's adaptive matching thesaurus, co-occurrence over a text-image corpus). A scene counts as mentioned when one inside it is:
/// "bedroom" is a room.
/// </summary>
internal sealed class ThesaurusBuilder
{
    private readonly ThesaurusVocabulary _vocabulary;
    private readonly string[] _classes, _scenes;
    private readonly int[][] _insideOf;
    private readonly PhraseMatcher _finder;
    private readonly int[] _classCounts, _sceneCounts;
    private readonly int[,] _joint, _pairs;
    private int _captions;

    /// <summary>Starts with nothing counted.</summary>
    /// <param name="vocabulary">The words; null for the shipped ones.</param>
    public ThesaurusBuilder(ThesaurusVocabulary? vocabulary = null)
    {
        _vocabulary = vocabulary ?? ThesaurusVocabulary.Default;
        _classes = [.. _vocabulary.Classes.Keys.OrderBy(name => LabelSet.Voc.IndexOf(name) is > 0 and var label ? label : int.MaxValue)];
        _scenes = [.. _vocabulary.Scenes.Keys];
        var broader = _vocabulary.Scenes.ToDictionary(s => s.Key, s => s.Value.Broader);
        _insideOf = [.. _scenes.Select(outer => Enumerable.Range(0, _scenes.Length)
            .Where(inner => ThesaurusVocabulary.Chain(broader, _scenes[inner]).Contains(outer)).ToArray())];
        _finder = new PhraseMatcher(
            [.. _classes.Select(c => _vocabulary.Classes[c]), .. _scenes.Select(s => _vocabulary.Scenes[s].Words)],
            _vocabulary.NotMentions
        );
        _classCounts = new int[_classes.Length];
        _sceneCounts = new int[_scenes.Length];
        _joint = new int[_scenes.Length, _classes.Length];
        _pairs = new int[_classes.Length, _classes.Length];
    }

    /// <summary>Counts captions and makes a thesaurus of them.</summary>
    public static SceneThesaurus Build(
        IEnumerable<string> captions,
        ThesaurusVocabulary? vocabulary = null,
        string source = "unnamed captions",
        string licence = "unknown"
    )
    {
        var builder = new ThesaurusBuilder(vocabulary);
        foreach (var caption in captions) builder.Add(caption);
        return new SceneThesaurus(builder.ToCounts(source, licence));
    }

    /// <summary>Counts one caption.</summary>
    public void Add(string caption)
    {
        var mentions = _finder.Find(caption);
        var classes = mentions.AsSpan(0, _classes.Length);
        var scenes = mentions.AsSpan(_classes.Length);
        _captions++;
        for (var f = 0; f < classes.Length; f++)
        {
            if (classes[f] == 0) continue;
            _classCounts[f]++;
            for (var g = f + 1; g < classes.Length; g++)
                if (PhraseMatcher.Together(classes[f], classes[g])) _pairs[f, g]++;
        }

        for (var b = 0; b < _scenes.Length; b++)
        {
            var scene = 0UL;
            foreach (var inner in _insideOf[b]) scene |= scenes[inner];
            if (scene == 0) continue;
            _sceneCounts[b]++;
            for (var f = 0; f < classes.Length; f++)
                if (PhraseMatcher.Together(classes[f], scene)) _joint[b, f]++;
        }
    }

    /// <summary>The counts so far.</summary>
    public ThesaurusCounts ToCounts(string source, string licence) =>
        new(
            source,
            licence,
            _captions,
            Pick(_classes, f => _classCounts[f], keepZero: true),
            Enumerable
                .Range(0, _scenes.Length)
                .ToDictionary(
                    b => _scenes[b],
                    b => new SceneCounts(
                        _vocabulary.Scenes[_scenes[b]].Broader,
                        _sceneCounts[b],
                        Pick(_classes, f => _joint[b, f]),
                        _vocabulary.Scenes[_scenes[b]].Words
                    )
                ),
            Enumerable.Range(0, _classes.Length).ToDictionary(f => _classes[f], f => Pick(_classes, g => g > f ? _pairs[f, g] : 0))
        );

    private static IReadOnlyDictionary<string, int> Pick(string[] names, Func<int, int> count, bool keepZero = false) =>
        Enumerable.Range(0, names.Length).Where(i => keepZero || count(i) > 0).ToDictionary(i => names[i], count);
}
