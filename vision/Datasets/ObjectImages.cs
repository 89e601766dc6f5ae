using FreeMask.Imaging;

namespace FreeMask.Vision.Datasets;

/// <summary>An image and where its objects are.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">The image.</param>
/// <param name="Objects">One map an object: 255 where it is, 0 elsewhere. Largest first.</param>
/// <param name="Labels">Classes, as <see cref="ObjectImages.Labels"/> names them.</param>
internal sealed record ObjectImage(string Name, RgbImage Image, IReadOnlyList<LabelMap> Objects, LabelMap Labels);

/// <summary>
/// Images with masks of objects: a data set with labels, whose connected regions of one class are the objects (or, if asked for, those
/// of VOC's <c>SegmentationObject</c>), or a folder with <c>images</c> and <c>masks</c> of the same names, whose masks are not 0 where the
/// one object is.
/// </summary>
internal sealed class ObjectImages
{
    private const string Images = "images", Masks = "masks";

    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp"];

    private readonly LabeledDataset? _labeled;
    private readonly bool _byInstance;
    private readonly (string Image, string Mask)[] _files = [];

    private ObjectImages(string root, LabeledDataset labeled, bool byInstance) =>
        (Root, _labeled, _byInstance, Labels) = (root, labeled, byInstance, labeled.Labels);

    private ObjectImages(string root, (string Image, string Mask)[] files) =>
        (Root, _files, Labels) = (root, files, [LabelSet.Background, "object"]);

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>Names of the classes by label; <c>object</c> where nothing is known of them.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Number of images.</summary>
    public int Count => _labeled?.Count ?? _files.Length;

    /// <summary>The share of an image that an object covers at least.</summary>
    public const double LeastArea = 0.01;

    /// <summary>The share of an image that an object covers at most: less would be left of its surroundings.</summary>
    public const double MostArea = 0.6;

    /// <summary>Finds the images; none is read.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="byInstance">Whether the objects are those of <c>SegmentationObject</c>, where an image has such a map.</param>
    /// <exception cref="FreeMaskException">The folder has neither form.</exception>
    public static ObjectImages Open(string folder, bool byInstance = false)
    {
        var root = Path.GetFullPath(folder);
        var (images, masks) = (Path.Combine(root, Images), Path.Combine(root, Masks));
        if (!Directory.Exists(images) || !Directory.Exists(masks))
            return new(root, LabeledDataset.OpenToMeasure(root), byInstance);
        var byName = Directory.EnumerateFiles(masks).ToDictionary(file => Path.GetFileNameWithoutExtension(file), StringComparer.Ordinal);
        var files = Directory
            .EnumerateFiles(images)
            .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Where(file => byName.ContainsKey(Path.GetFileNameWithoutExtension(file)))
            .Order(StringComparer.Ordinal)
            .Select(file => (file, byName[Path.GetFileNameWithoutExtension(file)]))
            .ToArray();
        return files.Length > 0
            ? new(root, files)
            : throw new FreeMaskException($"{images} has no image with a mask of the same name in {masks}.");
    }

    /// <summary>The name of an image; the order never changes.</summary>
    public string IdOf(int index) => _labeled?.IdOf(index) ?? Path.GetFileNameWithoutExtension(_files[index].Image);

    /// <summary>Loads an image with its objects between <see cref="LeastArea"/> and <see cref="MostArea"/>.</summary>
    /// <exception cref="FreeMaskException">A file is damaged, or image and mask differ in size.</exception>
    public ObjectImage Load(int index)
    {
        if (_labeled is not null)
        {
            var item = _labeled.Load(index);
            return new(item.Id, item.Image, _byInstance && InstancesOf(index) is { } instances
                ? Instances(instances, item.Labels)
                : Regions(item.Labels), item.Labels);
        }

        var image = ImageCodec.Load(_files[index].Image);
        var drawn = ImageCodec.Load(_files[index].Mask);
        if ((drawn.Width, drawn.Height) != (image.Width, image.Height))
            throw new FreeMaskException(
                $"{_files[index].Mask} is {drawn.Width} x {drawn.Height}, its image {image.Width} x {image.Height}."
            );
        var mask = new LabelMap(drawn.Width, drawn.Height);
        for (var i = 0; i < mask.Labels.Length; i++) mask.Labels[i] = drawn.Pixels[3 * i] > 0 ? byte.MaxValue : (byte)0;
        var labels = new LabelMap(mask.Width, mask.Height, Array.ConvertAll(mask.Labels, l => l != 0 ? (byte)1 : (byte)0));
        return new(IdOf(index), image, Fits(mask.Labels.Count(l => l != 0), mask.Labels.Length) ? [mask] : [], labels);
    }

    /// <summary>The map of objects beside VOC's map of classes; null where there is none.</summary>
    private LabelMap? InstancesOf(int index)
    {
        if (_labeled!.Format != "voc") return null;
        var classes = _labeled.FilesOf(index)[1];
        var path = classes.Replace("SegmentationClass", "SegmentationObject", StringComparison.Ordinal);
        return path != classes && File.Exists(path) ? Numbered(ImageCodec.Load(path)) : null;
    }

    /// <summary>Objects by the colors of their map: black is background, and VOC's light color void.</summary>
    private static LabelMap Numbered(RgbImage drawn)
    {
        var colors = new Dictionary<int, byte>
        {
            [0] = LabelMap.Background,
            [MaskColors.Key(VocPalette.Color(LabelMap.Ignore))] = LabelMap.Ignore,
        };
        var map = new LabelMap(drawn.Width, drawn.Height);
        for (var i = 0; i < map.Labels.Length; i++)
        {
            var key = MaskColors.Key(drawn.Pixels[3 * i], drawn.Pixels[(3 * i) + 1], drawn.Pixels[(3 * i) + 2]);
            if (!colors.TryGetValue(key, out var number))
                colors[key] = number = (byte)Math.Min(colors.Count - 1, LabelMap.Ignore);
            map.Labels[i] = number;
        }

        return map;
    }

    private static List<LabelMap> Instances(LabelMap instances, LabelMap labels)
    {
        if ((instances.Width, instances.Height) != (labels.Width, labels.Height)) return Regions(labels);
        var sizes = new int[256];
        foreach (var number in instances.Labels) sizes[number]++;
        return
        [
            .. Enumerable
                .Range(1, LabelMap.Ignore - 1)
                .Where(number => Fits(sizes[number], instances.Labels.Length))
                .OrderByDescending(number => sizes[number])
                .Select(number => new LabelMap(
                    labels.Width,
                    labels.Height,
                    Array.ConvertAll(instances.Labels, l => l == number ? byte.MaxValue : (byte)0)
                )),
        ];
    }

    private static List<LabelMap> Regions(LabelMap labels)
    {
        var objects = new List<(int Size, LabelMap Mask)>();
        foreach (var label in labels.Labels.Distinct().Order())
        {
            if (label is LabelMap.Background or LabelMap.Ignore) continue;
            var own = Array.ConvertAll(labels.Labels, l => (byte)(l == label ? 1 : 0));
            var regions = Imaging.Regions.Find(own, labels.Width);
            for (var number = 1; number <= regions.Sizes.Count; number++)
            {
                if (!Fits(regions.Sizes[number - 1], own.Length)) continue;
                var wanted = number;
                var mask = Array.ConvertAll(regions.Index, found => found == wanted ? byte.MaxValue : (byte)0);
                objects.Add((regions.Sizes[number - 1], new LabelMap(labels.Width, labels.Height, mask)));
            }
        }

        return [.. objects.OrderByDescending(o => o.Size).Select(o => o.Mask)];
    }

    private static bool Fits(int pixels, int all) => pixels >= LeastArea * all && pixels <= MostArea * all;
}
