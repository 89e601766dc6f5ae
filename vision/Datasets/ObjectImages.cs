using FreeMask.Imaging;

namespace FreeMask.Vision.Datasets;

/// <summary>An image and where its objects are.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">The image.</param>
/// <param name="Objects">One map an object: 255 where it is, 0 elsewhere. Largest first.</param>
internal sealed record ObjectImage(string Name, RgbImage Image, IReadOnlyList<LabelMap> Objects);

/// <summary>
/// Images with masks of objects: a data set with labels, whose connected regions of one class are the objects, or a folder with
/// <c>images</c> and <c>masks</c> of the same names, whose masks are not 0 where the one object is.
/// </summary>
internal sealed class ObjectImages
{
    private const string Images = "images", Masks = "masks";

    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp"];

    private readonly LabeledDataset? _labeled;
    private readonly (string Image, string Mask)[] _files = [];

    private ObjectImages(string root, LabeledDataset labeled) => (Root, _labeled) = (root, labeled);

    private ObjectImages(string root, (string Image, string Mask)[] files) => (Root, _files) = (root, files);

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>Number of images.</summary>
    public int Count => _labeled?.Count ?? _files.Length;

    /// <summary>The share of an image that an object covers at least.</summary>
    public const double LeastArea = 0.01;

    /// <summary>The share of an image that an object covers at most: less would be left of its surroundings.</summary>
    public const double MostArea = 0.6;

    /// <summary>Finds the images; none is read.</summary>
    /// <exception cref="FreeMaskException">The folder has neither form.</exception>
    public static ObjectImages Open(string folder)
    {
        var root = Path.GetFullPath(folder);
        var (images, masks) = (Path.Combine(root, Images), Path.Combine(root, Masks));
        if (!Directory.Exists(images) || !Directory.Exists(masks)) return new(root, LabeledDataset.OpenToMeasure(root));
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
            return new(item.Id, item.Image, Regions(item.Labels));
        }

        var image = ImageCodec.Load(_files[index].Image);
        var drawn = ImageCodec.Load(_files[index].Mask);
        if ((drawn.Width, drawn.Height) != (image.Width, image.Height))
            throw new FreeMaskException(
                $"{_files[index].Mask} is {drawn.Width} x {drawn.Height}, its image {image.Width} x {image.Height}."
            );
        var mask = new LabelMap(drawn.Width, drawn.Height);
        for (var i = 0; i < mask.Labels.Length; i++) mask.Labels[i] = drawn.Pixels[3 * i] > 0 ? byte.MaxValue : (byte)0;
        return new(IdOf(index), image, Fits(mask.Labels.Count(l => l != 0), mask.Labels.Length) ? [mask] : []);
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
