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

    private static IEnumerable<ArtChoice> Of(int classId, string icons, ArtSets sets = ArtSets.All) =>
        icons.Split(' ').Select(icon => new ArtChoice(classId, icon, sets));
}
