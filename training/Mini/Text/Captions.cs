using FreeMask.Randomness;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Vision;

namespace FreeMask.Training.Mini.Text;

/// <summary>
/// Captions of scenes. Half of them end with the class's words, so that later positions cannot be relied on to carry the class and
/// cross-attention must look at the class words themselves.
/// </summary>
internal static class Captions
{
    /// <summary>How many templates captions are drawn from, all equally often.</summary>
    public const int Templates = 20;

    /// <summary>Every word that a caption can hold, in ordinal order.</summary>
    public static IReadOnlyList<string> Words { get; } =
    [
        .. Enumerable.Range(1, 20).SelectMany(id => ClassWords(id).Split(' '))
            .Concat(Enum.GetValues<SceneKind>().SelectMany(kind => kind.Phrase().Split(' ')))
            .Concat(["a", "an", "photo", "of"])
            .Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>The words of a VOC class, such as <c>dining table</c>.</summary>
    public static string ClassWords(int classId) => VocClasses.PromptWords(VocClasses.Names[classId]);

    /// <summary>The long form, such as <c>a photo of a dog on the grass</c>.</summary>
    public static string Full(int classId, SceneKind kind) => $"a photo of {WithArticle(classId)} {kind.Phrase()}";

    /// <summary>Draws a caption for a scene with one object (or none: class 0).</summary>
    public static string Draw(int classId, SceneKind kind, CounterRandom random) => OfTemplate(classId, kind, random.NextInt(Templates));

    /// <summary>The caption of a scene by template <paramref name="template"/>, 0 to <see cref="Templates"/> - 1.</summary>
    public static string OfTemplate(int classId, SceneKind kind, int template)
    {
        if (classId == 0) return template < Templates / 2 ? $"a photo of the {kind.Word()}" : kind.Phrase();
        return template switch
        {
            < 7 => Full(classId, kind),
            < 10 => $"{WithArticle(classId)} {kind.Phrase()}",
            < 14 => $"a photo of {WithArticle(classId)}",
            < 16 => WithArticle(classId),
            < 18 => ClassWords(classId),
            _ => $"{kind.Phrase()} {WithArticle(classId)}",
        };
    }

    private static string WithArticle(int classId)
    {
        var words = ClassWords(classId);
        return $"{("aeiou".Contains(words[0]) ? "an" : "a")} {words}";
    }
}
