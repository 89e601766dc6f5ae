namespace FreeMask.Training.Mini.Art;

/// <summary>In which icon packages an image is taken.</summary>
[Flags]
internal enum ArtSets
{
    /// <summary>Noto Emoji.</summary>
    Noto = 1,

    /// <summary>Fluent Emoji, flat.</summary>
    Flat = 2,

    /// <summary>Fluent Emoji, 3D.</summary>
    Solid = 4,

    /// <summary>All three.</summary>
    All = Noto | Flat | Solid,

    /// <summary>Noto Emoji, first version.</summary>
    NotoV1 = 8,

    /// <summary>Emoji One, version 2.</summary>
    EmojiOne = 16,

    /// <summary>Fluent Emoji, with gradients.</summary>
    Gradient = 32,

    /// <summary>Streamline's emojis.</summary>
    Streamline = 64,
}

/// <summary>One icon chosen for a class.</summary>
/// <param name="ClassId">The VOC class.</param>
/// <param name="Icon">Its name in the icon packages.</param>
/// <param name="Sets">The packages whose image of it is used.</param>
internal sealed record ArtChoice(int ClassId, string Icon, ArtSets Sets);

/// <summary>
/// Which icons stand for which class. A small diffusion model learns a class best from images that agree: all face left, show whole bodies
/// and no extra parts (no runway, lamp, water or track). Where the packages have little (aeroplane, bicycle, boat, bottle, chair, horse, tv
/// monitor) or nothing that fits (dining table, sofa), <see cref="DrawnArt"/> adds the project's own drawings.
/// </summary>
internal static class ArtSelection
{
    internal static IReadOnlyList<ArtChoice> Choices { get; } =
    [
        .. Of(1, "airplane small-airplane"),
        .. Of(2, "bicycle"),
        .. Of(3, "dove duck goose parrot rooster swan"),
        .. Of(4, "canoe ferry motor-boat passenger-ship sailboat ship speedboat", ArtSets.Noto),
        .. Of(5, "lotion-bottle"),
        .. Of(6, "bus minibus trolleybus"),
        .. Of(7, "automobile pickup-truck police-car sport-utility-vehicle taxi"),
        .. Of(8, "black-cat cat"),
        .. Of(9, "chair"),
        .. Of(10, "cow ox water-buffalo"),
        .. Of(12, "guide-dog poodle"),
        .. Of(12, "dog", ArtSets.Flat | ArtSets.Solid),
        .. Of(12, "service-dog", ArtSets.Noto),
        .. Of(13, "horse"),
        .. Of(13, "donkey", ArtSets.Flat | ArtSets.Solid),
        .. Of(14, "motor-scooter motorcycle"),
        .. Of(15, "man-standing man-walking person-standing person-walking woman-standing woman-walking"),
        .. Of(16, "potted-plant"),
        .. Of(17, "ewe ram"),
        .. Of(19, "high-speed-train locomotive railway-car tram-car"),
        .. Of(20, "desktop-computer television"),
    ];

    /// <summary>
    /// Icons of four further packages, for training only: nothing of them is ever held out, and an icon of which another style of the same
    /// family is held out (see <see cref="Family"/>) is left out, because the styles of a family share their outlines. Boats in water,
    /// motorcycles with a rider and animals of which only the head is drawn are not among them.
    /// </summary>
    internal static IReadOnlyList<ArtChoice> Additional { get; } =
    [
        .. Of(1, "airplane small-airplane", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(2, "bicycle", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(3, "dove rooster turkey owl penguin", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(3, "chicken bird", ArtSets.NotoV1 | ArtSets.EmojiOne),
        .. Of(3, "duck eagle", ArtSets.NotoV1),
        .. Of(3, "goose parrot swan eagle", ArtSets.Gradient),
        .. Of(4, "canoe passenger-ship", ArtSets.NotoV1 | ArtSets.EmojiOne),
        .. Of(4, "sailboat", ArtSets.NotoV1),
        .. Of(5, "baby-bottle", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(5, "lotion-bottle", ArtSets.Gradient),
        .. Of(6, "bus minibus trolleybus", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(7, "automobile police-car sport-utility-vehicle taxi", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(7, "racing-car", ArtSets.NotoV1 | ArtSets.Gradient),
        .. Of(7, "pickup-truck", ArtSets.Gradient),
        .. Of(8, "cat", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(8, "black-cat", ArtSets.Gradient),
        .. Of(9, "seat", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(9, "chair", ArtSets.Gradient),
        .. Of(10, "cow ox water-buffalo", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(12, "dog", ArtSets.NotoV1 | ArtSets.Gradient),
        .. Of(12, "poodle", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(12, "guide-dog service-dog", ArtSets.Gradient),
        .. Of(13, "horse", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(13, "donkey", ArtSets.Gradient),
        .. Of(14, "motor-scooter", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(14, "motorcycle", ArtSets.NotoV1 | ArtSets.Gradient),
        .. Of(15, "man-dancing woman-dancing", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(15, "man-walking woman-walking", ArtSets.NotoV1 | ArtSets.Gradient),
        .. Of(15, "person-walking", ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(15, "man-standing person-standing woman-standing", ArtSets.Gradient),
        .. Of(16, "potted-plant", ArtSets.Gradient),
        .. Of(17, "ewe ram", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(19, "bullet-train locomotive railway-car tram-car", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(19, "high-speed-train", ArtSets.NotoV1 | ArtSets.Gradient),
        .. Of(20, "desktop-computer television", ArtSets.NotoV1 | ArtSets.EmojiOne | ArtSets.Gradient),
        .. Of(1, "airplane", ArtSets.Streamline),
        .. Of(2, "bicycle", ArtSets.Streamline),
        .. Of(3, "baby-chick bird-2 rooster", ArtSets.Streamline),
        .. Of(4, "sailboat speedboat", ArtSets.Streamline),
        .. Of(5, "baby-bottle", ArtSets.Streamline),
        .. Of(6, "bus minibus", ArtSets.Streamline),
        .. Of(7, "taxi", ArtSets.Streamline),
        .. Of(8, "cat", ArtSets.Streamline),
        .. Of(10, "cow ox water-buffalo", ArtSets.Streamline),
        .. Of(12, "dog poodle", ArtSets.Streamline),
        .. Of(13, "horse", ArtSets.Streamline),
        .. Of(15, "man-dancing-1 man-running-1 man-walking-1 man-walking-2 woman-dancing-1 woman-walking-1", ArtSets.Streamline),
        .. Of(17, "ewe-1 ram", ArtSets.Streamline),
        .. Of(19, "bullet-train locomotive railway-car", ArtSets.Streamline),
        .. Of(20, "television", ArtSets.Streamline),
    ];

    /// <summary>
    /// Icons of two packages whose styles no training sees, for test sets, by the package's folder. Boats are missing (theirs stand in
    /// water or in a square), and so are dining tables and sofas; of fxemoji bottles and potted plants too.
    /// </summary>
    internal static IReadOnlyDictionary<string, IReadOnlyList<(int ClassId, string Icon)>> TestStyles { get; } =
        new SortedDictionary<string, IReadOnlyList<(int ClassId, string Icon)>>(StringComparer.Ordinal)
        {
            ["twemoji"] =
            [
                .. Test(1, "airplane small-airplane"),
                .. Test(2, "bicycle"),
                .. Test(3, "bird duck goose owl parrot penguin rooster swan turkey"),
                .. Test(5, "baby-bottle lotion-bottle"),
                .. Test(6, "bus minibus trolleybus"),
                .. Test(7, "automobile pickup-truck police-car sport-utility-vehicle taxi"),
                .. Test(8, "black-cat cat"),
                .. Test(9, "chair seat"),
                .. Test(10, "cow ox water-buffalo"),
                .. Test(12, "dog guide-dog poodle service-dog"),
                .. Test(13, "donkey horse"),
                .. Test(14, "motor-scooter motorcycle"),
                .. Test(15, "man-dancing man-standing man-walking person-walking woman-dancing woman-standing woman-walking"),
                .. Test(16, "potted-plant"),
                .. Test(17, "ram"),
                .. Test(19, "bullet-train locomotive railway-car tram-car"),
                .. Test(20, "desktop-computer television"),
            ],
            ["fxemoji"] =
            [
                .. Test(1, "airplane"),
                .. Test(2, "bicycle"),
                .. Test(3, "doveofpeace penguin rooster"),
                .. Test(6, "bus minibus trolleybus"),
                .. Test(7, "automobile policecar taxi"),
                .. Test(8, "catside"),
                .. Test(9, "seat"),
                .. Test(10, "cow ox"),
                .. Test(12, "dogside poodle"),
                .. Test(13, "horse"),
                .. Test(14, "motorcycle"),
                .. Test(15, "dancer walking"),
                .. Test(17, "ram sheep"),
                .. Test(19, "railwaycar train tram"),
                .. Test(20, "television"),
            ],
        };

    /// <summary>The designer of a package: its versions and styles share outlines.</summary>
    /// <param name="set">A package's folder name or an image's prefix, such as <c>3d</c>.</param>
    internal static string Family(string set) => set switch
    {
        "flat" or "3d" or "fluent" => "fluent",
        "noto" or "noto-v1" => "noto",
        _ => set,
    };

    private static IEnumerable<ArtChoice> Of(int classId, string icons, ArtSets sets = ArtSets.All) =>
        icons.Split(' ').Select(icon => new ArtChoice(classId, icon, sets));

    private static IEnumerable<(int ClassId, string Icon)> Test(int classId, string icons) =>
        icons.Split(' ').Select(icon => (classId, icon));
}
