using System.Text.Json;

namespace FreeMask.Vision.Thesaurus;

/// <summary>A background word family.</summary>
/// <param name="Words">The words and phrases, lower case, that name this scene; plurals and hyponyms are spelled out.</param>
/// <param name="Broader">The scene that contains this one (sand: beach), to which estimates back off, or null.</param>
internal sealed record SceneTerm(IReadOnlyList<string> Words, string? Broader = null);

/// <summary>Which words of a caption name which object class and which scene.</summary>
/// <param name="Classes">Words per class, keyed by its name.</param>
/// <param name="Scenes">Scenes by name.</param>
/// <param name="NotMentions">Phrases that contain a listed word but name something else ("hot dog"); they are matched first and count for
/// nothing.</param>
internal sealed record ThesaurusVocabulary(
    IReadOnlyDictionary<string, IReadOnlyList<string>> Classes,
    IReadOnlyDictionary<string, SceneTerm> Scenes,
    IReadOnlyList<string> NotMentions)
{
    private static readonly Lazy<ThesaurusVocabulary> Shipped = new(() =>
        Parse(ThesaurusResources.Read("vocabulary.json"), "the shipped vocabulary")
    );

    /// <summary>The shipped vocabulary: VOC's 20 classes and about forty scenes, in English.</summary>
    public static ThesaurusVocabulary Default => Shipped.Value;

    /// <summary>The shipped scenes with the words of other classes.</summary>
    /// <exception cref="FreeMaskException">A class has no words.</exception>
    public static ThesaurusVocabulary Of(LabelSet labels)
    {
        if (labels.Name == LabelSet.VocName) return Default;
        var classes = labels.Classes.ToDictionary(item => item.Name, item => item.Synonyms);
        // "hot dog" is a class of COCO.
        var named = classes.Values.SelectMany(words => words).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return new(classes, Default.Scenes, [.. Default.NotMentions.Where(phrase => !named.Contains(phrase))]);
    }

    /// <summary>Reads a vocabulary from JSON:
    /// <c>{"classes":{name:[words]},"scenes":{name:{"words":[...],"broader":name}},"notMentions":[...]}</c>.</summary>
    /// <exception cref="FreeMaskException">The text is no such JSON, or its scenes contain a cycle or an
    /// unknown name.</exception>
    public static ThesaurusVocabulary Parse(string json, string origin)
    {
        ThesaurusVocabulary? vocabulary;
        try
        {
            vocabulary = JsonSerializer.Deserialize<ThesaurusVocabulary>(json, ThesaurusResources.Json);
        }
        catch (JsonException e)
        {
            throw new FreeMaskException($"{origin} is not a thesaurus vocabulary: {e.Message}", e);
        }

        if (vocabulary?.Classes is null || vocabulary.Scenes is null)
            throw new FreeMaskException($"{origin} is not a thesaurus vocabulary: it needs the members \"classes\" and \"scenes\".");
        vocabulary = vocabulary with { NotMentions = vocabulary.NotMentions ?? [] };
        vocabulary.Check(origin);
        return vocabulary;
    }

    /// <summary>A scene and all that contain it, narrowest first.</summary>
    internal static IEnumerable<string> Chain(IReadOnlyDictionary<string, string?> broader, string scene)
    {
        for (string? at = scene; at is not null; at = broader.GetValueOrDefault(at)) yield return at;
    }

    private void Check(string origin)
    {
        foreach (var (name, scene) in Scenes)
        {
            if (scene?.Words is null) throw new FreeMaskException($"{origin}: the scene \"{name}\" has no \"words\".");
            var steps = 0;
            for (var at = scene.Broader; at is not null; at = Scenes[at].Broader)
            {
                if (!Scenes.ContainsKey(at))
                    throw new FreeMaskException($"{origin}: the scene \"{name}\" is inside \"{at}\", which is not listed.");
                if (++steps > Scenes.Count)
                    throw new FreeMaskException($"{origin}: the scene \"{name}\" is inside itself; break the cycle of \"broader\".");
            }
        }
    }
}
