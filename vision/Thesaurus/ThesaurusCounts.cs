namespace FreeMask.Vision.Thesaurus;

/// <summary>What a caption corpus says, as plain counts: the file that <c>freemask thesaurus build</c> writes and that ships.</summary>
/// <param name="Source">The corpus: name, version, part.</param>
/// <param name="Licence">The corpus' licence and attribution.</param>
/// <param name="Captions">Captions read.</param>
/// <param name="Images">The images that they describe: the unit of all other counts, because the captions of one image say the same thing
/// several times.</param>
/// <param name="Classes">Images with a caption that mentions a class.</param>
/// <param name="Scenes">Per scene: words, images, joint counts.</param>
/// <param name="ClassPairs">Images with a caption that mentions two different classes, by one class, then the other.</param>
internal sealed record ThesaurusCounts(
    string Source,
    string Licence,
    int Captions,
    int Images,
    IReadOnlyDictionary<string, int> Classes,
    IReadOnlyDictionary<string, SceneCounts> Scenes,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> ClassPairs);

/// <summary>The counts of one scene.</summary>
/// <param name="Broader">The containing scene, or null.</param>
/// <param name="Images">N(b): images with a caption that mentions the scene or one inside it.</param>
/// <param name="Classes">N(f, b): images with a caption that mentions both; classes never seen with the scene are left out.</param>
/// <param name="Captions">The captions that mention both, by class.</param>
/// <param name="Words">The words that name the scene.</param>
internal sealed record SceneCounts(
    string? Broader,
    int Images,
    IReadOnlyDictionary<string, int> Classes,
    IReadOnlyDictionary<string, int> Captions,
    IReadOnlyList<string> Words);
