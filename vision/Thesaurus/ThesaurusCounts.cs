namespace FreeMask.Vision.Thesaurus;

/// <summary>What a caption corpus says, as plain counts: the file that <c>freemask thesaurus build</c> writes and that ships.</summary>
/// <param name="Source">The corpus: name, version, part.</param>
/// <param name="Licence">The corpus' licence and attribution.</param>
/// <param name="Captions">Captions read.</param>
/// <param name="Classes">Captions that mention a class.</param>
/// <param name="Scenes">Per scene: words, captions, joint counts.</param>
/// <param name="ClassPairs">Captions that mention two different classes, by one class, then the other.</param>
internal sealed record ThesaurusCounts(
    string Source,
    string Licence,
    int Captions,
    IReadOnlyDictionary<string, int> Classes,
    IReadOnlyDictionary<string, SceneCounts> Scenes,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> ClassPairs);

/// <summary>The counts of one scene.</summary>
/// <param name="Broader">The containing scene, or null.</param>
/// <param name="Captions">N(b): captions that mention the scene or one inside it.</param>
/// <param name="Classes">N(f, b): those that also mention the class; classes never seen with it are left out.</param>
/// <param name="Words">The words that name the scene.</param>
internal sealed record SceneCounts(string? Broader, int Captions, IReadOnlyDictionary<string, int> Classes, IReadOnlyList<string> Words);
