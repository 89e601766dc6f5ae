namespace FreeMask.Vision.Thesaurus;

/// <summary>
/// Counts a caption corpus. N(b), N(f) and N(f, b) are numbers of images with a caption that mentions scene b, class f, both (Free-Mask's
/// adaptive matching thesaurus, arXiv 2411.01819: co-occurrence over a text-image corpus). A scene counts as mentioned when one inside it
/// is: "bedroom" is a room.
/// </summary>
internal sealed class ThesaurusBuilder
{
    private readonly ThesaurusVocabulary _vocabulary;
    private readonly string[] _classes, _scenes;
    private readonly int[][] _insideOf;
    private readonly PhraseMatcher _finder;
    private readonly int[] _classCounts, _sceneCounts;
    private readonly int[,] _joint, _jointCaptions, _pairs;
    private int _captions, _images;

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
        _jointCaptions = new int[_scenes.Length, _classes.Length];
        _pairs = new int[_classes.Length, _classes.Length];
    }

    /// <summary>Counts captions and makes a thesaurus of them.</summary>
    public static SceneThesaurus Build(
        IEnumerable<Caption> captions,
        ThesaurusVocabulary? vocabulary = null,
        string source = "unnamed captions",
        string licence = "unknown"
    )
    {
        var builder = new ThesaurusBuilder(vocabulary);
        // Captions of one image need not be neighbors in the file.
        var images = captions.Select((caption, i) => (caption.Text, Image: caption.Image ?? $"#{i}")).GroupBy(c => c.Image, c => c.Text);
        foreach (var image in images) builder.Add(image);
        return new SceneThesaurus(builder.ToCounts(source, licence));
    }

    /// <summary>Counts an image by its captions.</summary>
    public void Add(IEnumerable<string> captions)
    {
        var (classes, scenes) = (new bool[_classes.Length], new bool[_scenes.Length]);
        var joint = new bool[_scenes.Length, _classes.Length];
        var pairs = new bool[_classes.Length, _classes.Length];
        foreach (var caption in captions) Read(caption, classes, scenes, joint, pairs);
        _images++;
        for (var f = 0; f < classes.Length; f++)
        {
            if (classes[f]) _classCounts[f]++;
            for (var g = f + 1; g < classes.Length; g++)
                if (pairs[f, g]) _pairs[f, g]++;
        }

        for (var b = 0; b < scenes.Length; b++)
        {
            if (scenes[b]) _sceneCounts[b]++;
            for (var f = 0; f < classes.Length; f++)
                if (joint[b, f]) _joint[b, f]++;
        }
    }

    private void Read(string caption, bool[] classes, bool[] scenes, bool[,] joint, bool[,] pairs)
    {
        var mentions = _finder.Find(caption);
        var classMentions = mentions.AsSpan(0, _classes.Length);
        var sceneMentions = mentions.AsSpan(_classes.Length);
        _captions++;
        for (var f = 0; f < classes.Length; f++)
        {
            classes[f] |= classMentions[f] != 0;
            for (var g = f + 1; g < classes.Length; g++) pairs[f, g] |= PhraseMatcher.Together(classMentions[f], classMentions[g]);
        }

        for (var b = 0; b < scenes.Length; b++)
        {
            var scene = 0UL;
            foreach (var inner in _insideOf[b]) scene |= sceneMentions[inner];
            scenes[b] |= scene != 0;
            for (var f = 0; f < classes.Length; f++)
            {
                if (!PhraseMatcher.Together(classMentions[f], scene)) continue;
                joint[b, f] = true;
                _jointCaptions[b, f]++;
            }
        }
    }

    /// <summary>The counts so far.</summary>
    public ThesaurusCounts ToCounts(string source, string licence) =>
        new(
            source,
            licence,
            _captions,
            _images,
            Pick(_classes, f => _classCounts[f], keepZero: true),
            Enumerable
                .Range(0, _scenes.Length)
                .ToDictionary(
                    b => _scenes[b],
                    b => new SceneCounts(
                        _vocabulary.Scenes[_scenes[b]].Broader,
                        _sceneCounts[b],
                        Pick(_classes, f => _joint[b, f]),
                        Pick(_classes, f => _jointCaptions[b, f]),
                        _vocabulary.Scenes[_scenes[b]].Words
                    )
                ),
            Enumerable.Range(0, _classes.Length).ToDictionary(f => _classes[f], f => Pick(_classes, g => g > f ? _pairs[f, g] : 0))
        );

    private static IReadOnlyDictionary<string, int> Pick(string[] names, Func<int, int> count, bool keepZero = false) =>
        Enumerable.Range(0, names.Length).Where(i => keepZero || count(i) > 0).ToDictionary(i => names[i], count);
}
