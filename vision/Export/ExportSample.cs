using FreeMask.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>One image with its labels and objects, ready to be written in any format.</summary>
internal sealed class ExportSample
{
    private ExportSample(RgbImage image, LabelMap labels, LabelMap instances, IReadOnlyList<byte> instanceClasses)
    {
        Image = image;
        Labels = labels;
        Instances = instances;
        InstanceClasses = instanceClasses;
    }

    /// <summary>The image.</summary>
    public RgbImage Image { get; }

    /// <summary>Class indices, 255 = void.</summary>
    public LabelMap Labels { get; }

    /// <summary>1 + the index of the object; 0 and 255 exactly where <see cref="Labels"/> has them.</summary>
    public LabelMap Instances { get; }

    /// <summary>The class of each object; an object may be hidden altogether.</summary>
    public IReadOnlyList<byte> InstanceClasses { get; }

    /// <summary>Makes a sample whose objects are known.</summary>
    /// <param name="image">The image.</param>
    /// <param name="labels">Class indices of the same size.</param>
    /// <param name="instances">1 + object index at every labeled pixel; what it says at background and void does not matter.</param>
    /// <param name="instanceClasses">The class of each object.</param>
    /// <exception cref="FreeMaskException">Sizes differ, or an object's pixel has another class than the object.</exception>
    public static ExportSample Create(RgbImage image, LabelMap labels, LabelMap instances, IReadOnlyList<byte> instanceClasses)
    {
        ArgumentNullException.ThrowIfNull(instances);
        ArgumentNullException.ThrowIfNull(instanceClasses);
        RequireSize(image, labels);
        RequireSize(image, instances);
        var clean = new LabelMap(labels.Width, labels.Height);
        for (var i = 0; i < labels.Labels.Length; i++)
        {
            var (label, instance) = (labels.Labels[i], instances.Labels[i]);
            if (
                label is not (LabelMap.Background or LabelMap.Ignore)
                && (instance == 0 || instance > instanceClasses.Count || instanceClasses[instance - 1] != label)
            )
                throw new FreeMaskException(
                    $"At pixel ({i % labels.Width}, {i / labels.Width}) the label is {label}, but the object map names "
                        + $"{DescribeObject(instance, instanceClasses)}."
                );
            clean.Labels[i] = label is LabelMap.Background or LabelMap.Ignore ? label : instance;
        }

        return new ExportSample(image, labels, clean, instanceClasses);
    }

    /// <summary>Makes a sample whose classes have one object each, as in an image of a single object.</summary>
    /// <exception cref="FreeMaskException">The sizes differ.</exception>
    public static ExportSample FromLabels(RgbImage image, LabelMap labels)
    {
        RequireSize(image, labels);
        var classes = ClassesOf(labels);
        var instances = new LabelMap(labels.Width, labels.Height);
        for (var i = 0; i < labels.Labels.Length; i++)
            instances.Labels[i] = labels.Labels[i] is LabelMap.Background or LabelMap.Ignore
                ? labels.Labels[i]
                : (byte)(1 + classes.IndexOf(labels.Labels[i]));
        return new ExportSample(image, labels, instances, classes);
    }

    /// <summary>The object classes of a label map, ascending.</summary>
    public static List<byte> ClassesOf(LabelMap labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        Span<bool> present = stackalloc bool[256];
        present.Clear();
        foreach (var label in labels.Labels) present[label] = true;
        var classes = new List<byte>();
        for (var c = 1; c < LabelMap.Ignore; c++)
            if (present[c]) classes.Add((byte)c);
        return classes;
    }

    /// <summary>The pixels of one object, row-major, 0 or 1.</summary>
    internal byte[] Mask(int instance) => Array.ConvertAll(Instances.Labels, v => v == instance ? (byte)1 : (byte)0);

    private static string DescribeObject(byte instance, IReadOnlyList<byte> classes) =>
        instance == 0 || instance > classes.Count ? $"no object ({instance})" : $"object {instance} of class {classes[instance - 1]}";

    private static void RequireSize(RgbImage image, LabelMap map)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(map);
        if ((image.Width, image.Height) != (map.Width, map.Height))
            throw new FreeMaskException($"The image is {image.Width} x {image.Height}, its label map {map.Width} x {map.Height}.");
    }
}
