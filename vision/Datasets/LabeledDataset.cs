using FreeMask.Files;
using FreeMask.Imaging;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Vision.Datasets;

/// <summary>Images with label maps in one of the usual layouts. Only names are read until an image is asked for.</summary>
internal abstract class LabeledDataset
{
    private const string Validation = "val";

    private const int MostNamed = 5;

    private static readonly string[] Background = ["background", "_background_"];

    private protected LabeledDataset(string root, IReadOnlyList<string> labels, IReadOnlyList<string> notes) =>
        (Root, Labels, Notes) = (root, labels, notes);

    /// <summary>The layouts, by the names that people give them.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["voc", "coco", "cityscapes", "ade20k"];

    /// <summary>The data set's folder.</summary>
    public string Root { get; }

    /// <summary>Class names; label maps index them.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>What was left out, for the user; one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The layout, one of <see cref="Formats"/>.</summary>
    public abstract string Format { get; }

    /// <summary>Number of images.</summary>
    public abstract int Count { get; }

    /// <summary>The name of an image; the order never changes.</summary>
    public abstract string IdOf(int index);

    /// <summary>The files that an image and its labels are read from.</summary>
    public abstract IReadOnlyList<string> FilesOf(int index);

    /// <summary>Loads an image.</summary>
    /// <exception cref="FreeMaskException">A file is missing or damaged, or image and labels differ in size.</exception>
    public abstract LabeledImage Load(int index);

    /// <summary>Finds the images of a data set, or of a part of it.</summary>
    /// <param name="folder">The data set.</param>
    /// <param name="format">One of <see cref="Formats"/>; null recognizes it.</param>
    /// <param name="part">Such as <c>train</c> or <c>val</c>; null takes <c>train</c> where there is such a part, else everything.</param>
    /// <exception cref="FreeMaskException">The folder is no such data set, or lacks that part.</exception>
    public static LabeledDataset Open(string folder, string? format = null, string? part = null) => Recognize(folder, format) switch
    {
        "cityscapes" => CityscapesDataset.Open(folder, part),
        "coco" => CocoDataset.Open(folder, part),
        "ade20k" => Ade20kDataset.Open(folder, part),
        _ => VocDataset.Open(folder, part),
    };

    /// <summary>Finds the images that a segmenter is measured on.</summary>
    /// <param name="folder">The data set.</param>
    /// <param name="format">One of <see cref="Formats"/>; null recognizes it.</param>
    /// <param name="part">Such as <c>val</c>; null takes <c>val</c> where there is such a part, but in VOC's layout all images with a
    /// mask.</param>
    /// <exception cref="FreeMaskException">The folder is no such data set, or lacks that part.</exception>
    public static LabeledDataset OpenToMeasure(string folder, string? format = null, string? part = null)
    {
        var known = Recognize(folder, format);
        return part is null && known == "voc" ? VocDataset.OpenAll(folder)
            : Open(folder, known, part ?? (HasPart(folder, known, Validation) ? Validation : null));
    }

    /// <summary>What to tell a user about classes that a label set does not have.</summary>
    /// <param name="labels">The label set.</param>
    /// <param name="strangers">Names of such classes, at least one.</param>
    internal virtual FreeMaskException Unknown(LabelSet labels, IReadOnlyList<string> strangers)
    {
        var names = ClassMapping.NameOf(labels);
        return new(
            $"{Root} has classes that are none of {names}: {string.Join(", ", strangers.Take(MostNamed))}"
                + $"{(strangers.Count > MostNamed ? ", ..." : "")}. Pair them with {names} in a class map, such as "
                + $"'{strangers[0]}={labels.Names[1]}', or all others with '*=background'."
        );
    }

    /// <summary>Whether a data set has a part of that name.</summary>
    /// <exception cref="FreeMaskException">The folder is no such data set.</exception>
    public static bool HasPart(string folder, string? format, string part) => Recognize(folder, format) switch
    {
        "cityscapes" => CityscapesDataset.HasPart(folder, part),
        "coco" => CocoDataset.HasPart(folder, part),
        "ade20k" => Ade20kDataset.HasPart(folder, part),
        _ => VocDataset.HasPart(folder, part),
    };

    /// <summary>Looks for the first image that shows a class other than background.</summary>
    /// <exception cref="FreeMaskException">There is none: nothing can be learnt or measured. Or an image cannot be loaded.</exception>
    public void RequireClasses()
    {
        var background = Labels
            .Index()
            .Where(l => Background.Contains(l.Item, StringComparer.OrdinalIgnoreCase))
            .Select(l => l.Index)
            .ToHashSet();
        for (var i = 0; i < Count; i++)
            if (Load(i).Labels.Labels.Any(label => label != LabelMap.Ignore && !background.Contains(label))) return;
        throw NoClasses(Root, Count);
    }

    /// <summary>The error for labels that hold no class.</summary>
    /// <param name="root">The data set.</param>
    /// <param name="count">Number of its images.</param>
    public static FreeMaskException NoClasses(string root, int count) =>
        new(
            $"{root}: the labels of its {count} images hold nothing but background (0) and void (255), so there is nothing to learn or "
                + "to measure. "
                + "Masks of 0 and 255 mark no class: write the index of the class in place of 255."
        );

    private static string Recognize(string folder, string? format)
    {
        ReadableFolder.Require(folder);
        if (format is not null)
            return Formats.Contains(format)
                ? format
                : throw new FreeMaskException($"'{format}' is no layout that is read here; there are {string.Join(", ", Formats)}.");
        if (CityscapesDataset.IsHere(folder)) return "cityscapes";
        if (CocoDataset.IsHere(folder)) return "coco";
        if (VocDataset.IsHere(folder)) return "voc";
        if (Ade20kDataset.IsHere(folder)) return "ade20k";
        throw new FreeMaskException(
            $"{folder} is no data set that is recognized: voc needs JPEGImages and SegmentationClass (itself or in VOCdevkit/VOC2012), "
                + "coco annotations/instances_*.json, "
                + "cityscapes leftImg8bit and gtFine, ade20k images and annotations, each with training or validation."
        );
    }
}
