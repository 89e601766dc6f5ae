namespace FreeMask.Vision.Datasets;

/// <summary>A class of Cityscapes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its label id.</param>
/// <param name="TrainId">Its id in training; 255 where it is left out.</param>
/// <param name="IsThing">Whether its objects are told apart.</param>
/// <param name="Color">Its color.</param>
internal sealed record CityscapesClass(string Name, byte Id, byte TrainId, bool IsThing, (byte R, byte G, byte B) Color);

/// <summary>Cityscapes' table (<c>cityscapesscripts/helpers/labels.py</c>), as far as it is used in training, and what other data sets call
/// its classes.</summary>
internal static class CityscapesClasses
{
    internal static CityscapesClass Unlabeled { get; } = new("unlabeled", 0, 255, false, (0, 0, 0));

    private static readonly CityscapesClass[] Known =
    [
        new("road", 7, 0, false, (128, 64, 128)),
        new("sidewalk", 8, 1, false, (244, 35, 232)),
        new("building", 11, 2, false, (70, 70, 70)),
        new("wall", 12, 3, false, (102, 102, 156)),
        new("fence", 13, 4, false, (190, 153, 153)),
        new("pole", 17, 5, false, (153, 153, 153)),
        new("traffic light", 19, 6, false, (250, 170, 30)),
        new("traffic sign", 20, 7, false, (220, 220, 0)),
        new("vegetation", 21, 8, false, (107, 142, 35)),
        new("terrain", 22, 9, false, (152, 251, 152)),
        new("sky", 23, 10, false, (70, 130, 180)),
        new("person", 24, 11, true, (220, 20, 60)),
        new("rider", 25, 12, true, (255, 0, 0)),
        new("car", 26, 13, true, (0, 0, 142)),
        new("truck", 27, 14, true, (0, 0, 70)),
        new("bus", 28, 15, true, (0, 60, 100)),
        new("train", 31, 16, true, (0, 80, 100)),
        new("motorcycle", 32, 17, true, (0, 0, 230)),
        new("bicycle", 33, 18, true, (119, 11, 32)),
    ];

    /// <summary>The classes used in training, in the order of their train ids.</summary>
    internal static IReadOnlyList<CityscapesClass> Trained => Known;

    /// <summary>Cityscapes' class for a name; unlabeled where it has none.</summary>
    internal static CityscapesClass Of(string name) =>
        Array.Find(Known, c => c.Name == (name == "motorbike" ? "motorcycle" : name)) ?? Unlabeled;
}
