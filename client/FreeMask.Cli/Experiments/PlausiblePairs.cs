using FreeMask.Vision;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Cli.Experiments;

/// <summary>Opinions of which classes fit which backgrounds that do not come from captions.</summary>
internal static class PlausiblePairs
{
    /// <summary>
    /// The table of the released code of Free-Mask (class_relation.py, github.com/gaogao2002/Free_Mask, commit 2df10ca): two backgrounds
    /// for each class, in the words of the thesaurus, which has no hillside.
    /// </summary>
    private const string Released =
        "aeroplane: sky, runway; bicycle: road, park; bird: sky, trees; boat: water, harbor; bottle: table, kitchen; bus: road, street; "
        + "car: road, parking lot; cat: indoors, garden; chair: indoors, restaurant; cow: grass, farm; diningtable: indoors, restaurant; "
        + "dog: grass, park; horse: grass, field; motorbike: road, street; person: indoors, outdoors; pottedplant: indoors, garden; "
        + "sheep: grass; sofa: indoors, living room; train: railway, station; tvmonitor: indoors, living room";

    /// <summary>Classes that nobody expects in a background, by one person's judgement; doubtful ones are left out.</summary>
    private const string Absurd =
        "grass: boat, sofa, tvmonitor; road: boat, sofa, tvmonitor, diningtable; water: bicycle, bus, car, cat, chair, diningtable, "
        + "motorbike, pottedplant, sheep, sofa, train, tvmonitor; sky: bicycle, boat, bottle, bus, car, cat, chair, cow, diningtable, dog, "
        + "horse, motorbike, pottedplant, sheep, sofa, train, tvmonitor; room: aeroplane, boat, bus, car, cow, horse, sheep, train; "
        + "snow: boat, diningtable, sofa, tvmonitor, pottedplant; sand: diningtable, sofa, train, tvmonitor; "
        + "forest: aeroplane, boat, diningtable, sofa, tvmonitor";

    /// <summary>The pairs of the released table.</summary>
    internal static IReadOnlyList<(string Scene, int ClassId)> ReleasedTable { get; } =
        [.. Read(Released).Select(pair => (pair.Value, VocClasses.IndexOf(pair.Key)))];

    /// <summary>Pairs that nobody expects.</summary>
    internal static IReadOnlyList<(string Scene, int ClassId)> Implausible { get; } =
        [.. Read(Absurd).Select(pair => (pair.Key, VocClasses.IndexOf(pair.Value)))];

    /// <summary>The scenes that <see cref="Implausible"/> judges: those of the quickstart.</summary>
    internal static IReadOnlyList<string> Scenes { get; } = [.. Read(Absurd).Select(pair => pair.Key).Distinct()];

    /// <summary>Whether a thesaurus allows a pair; a scene that it does not know allows nothing.</summary>
    internal static bool Allows(SceneThesaurus thesaurus, (string Scene, int ClassId) pair) =>
        thesaurus.Find(pair.Scene) is { } scene && thesaurus.Knows(pair.ClassId) && thesaurus.Allows(scene, pair.ClassId);

    /// <summary>Whether runs would paste a pair: the thesaurus allows it, and the scene offers what the class rests on.</summary>
    internal static bool IsPasted(SceneThesaurus thesaurus, (string Scene, int ClassId) pair) =>
        thesaurus.Find(pair.Scene) is { } scene
        && thesaurus.Knows(pair.ClassId)
        && DonorSampler.SceneWeight(scene, LabelSet.Voc[pair.ClassId], thesaurus) > 0;

    private static IEnumerable<(string Key, string Value)> Read(string table) =>
        from row in table.Split(';', StringSplitOptions.TrimEntries)
        let parts = row.Split(':', StringSplitOptions.TrimEntries)
        from value in parts[1].Split(',', StringSplitOptions.TrimEntries)
        select (parts[0], value);
}
