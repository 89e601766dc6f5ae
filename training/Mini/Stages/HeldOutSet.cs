using System.Globalization;
using System.Text;
using FreeMask.Imaging;
using FreeMask.Training.Mini.Art;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Mini.Text;
using FreeMask.Vision;

namespace FreeMask.Training.Mini.Stages;

/// <summary>
/// The held-out set that ships with the bundle: scenes of held-out art in PASCAL VOC's layout (JPEGImages, SegmentationClass,
/// SegmentationObject, ImageSets/Segmentation), with one split of single objects and one of one to three objects.
/// </summary>
internal static class HeldOutSet
{
    /// <summary>The split of scenes with one object.</summary>
    public const string SingleSplit = "single";

    /// <summary>The split of scenes with one to three objects.</summary>
    public const string MultipleSplit = "multi";

    /// <summary>The table of captions: name, surroundings, VOC names of the objects, caption (single objects only).</summary>
    public const string CaptionFile = "captions.tsv";

    /// <summary>The table of drawings: name, names of the drawings of the objects.</summary>
    public const string ArtFile = "art.tsv";

    /// <summary>Names the scenes.</summary>
    internal const ulong Seed = 77_777;
    private const int JpegQuality = 95;

    /// <summary>Writes the set; the classes take turns, so that every class has the same share of each split.</summary>
    /// <param name="art">The art; only its held-out part is used.</param>
    /// <param name="directory">The folder, made where it is absent.</param>
    /// <param name="perSplit">Scenes in each split.</param>
    public static void Write(ArtCatalog art, string directory, int perSplit)
    {
        var renderer = new SceneRenderer(art, Seed, heldOut: true);
        foreach (var folder in (string[])["JPEGImages", "SegmentationClass", "SegmentationObject", "ImageSets/Segmentation"])
            Directory.CreateDirectory(Path.Combine(directory, folder));
        var captions = new StringBuilder("name\tscene\tobjects\tcaption\n");
        var drawings = new StringBuilder("name\tart\n");
        int ClassOf(int index) => renderer.Classes[index % renderer.Classes.Count];
        WriteSplit(directory, SingleSplit, perSplit, index => renderer.Single(index, ClassOf(index)), captions, drawings);
        WriteSplit(directory, MultipleSplit, perSplit, index => renderer.Multiple(index, ClassOf(index)), captions, drawings);
        File.WriteAllText(Path.Combine(directory, CaptionFile), captions.ToString());
        File.WriteAllText(Path.Combine(directory, ArtFile), drawings.ToString());
    }

    /// <summary>The table of captions: VOC names of the objects (separated by commas) and the caption, by name of the scene.</summary>
    /// <exception cref="FreeMaskException">The table is missing or not as written.</exception>
    public static IReadOnlyDictionary<string, (string Objects, string Caption)> ReadCaptions(string directory)
    {
        var rows = ReadTable(Path.Combine(directory, CaptionFile), "four columns: name, scene, objects, caption", columns: 4);
        return rows.ToDictionary(row => row[0], row => (row[2], row[3]), StringComparer.Ordinal);
    }

    /// <summary>The names of the drawings of the objects of each scene, by name of the scene: images that show the same drawings are not
    /// independent.</summary>
    /// <exception cref="FreeMaskException">The table is missing or not as written.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> ReadArt(string directory) =>
        ReadTable(Path.Combine(directory, ArtFile), "two columns: name, art", columns: 2)
            .ToDictionary(row => row[0], row => (IReadOnlyList<string>)row[1].Split(','), StringComparer.Ordinal);

    /// <summary>The rows of a table with tabs, without its heading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="form">Names its columns in the message of the error.</param>
    /// <param name="columns">How many it has.</param>
    /// <exception cref="FreeMaskException">The table is missing or not as written.</exception>
    internal static string[][] ReadTable(string path, string form, int columns)
    {
        if (!File.Exists(path)) throw new FreeMaskException($"{path} does not exist; the bundle has no held-out set.");
        var rows = File.ReadLines(path).Skip(1).Select(line => line.Split('\t')).ToArray();
        return rows.All(row => row.Length == columns) ? rows : throw new FreeMaskException($"{path} must have {form}.");
    }

    private static void WriteSplit(
        string directory,
        string split,
        int count,
        Func<int, Scene> render,
        StringBuilder captions,
        StringBuilder drawings
    )
    {
        var names = new StringBuilder();
        for (var index = 0; index < count; index++)
        {
            var scene = render(index);
            var name = string.Create(CultureInfo.InvariantCulture, $"{split}_{index:D4}");
            File.WriteAllBytes(Path.Combine(directory, "JPEGImages", name + ".jpg"), ImageCodec.EncodeJpeg(scene.Image, JpegQuality));
            IndexedPng.Save(scene.Classes, Path.Combine(directory, "SegmentationClass", name + ".png"));
            IndexedPng.Save(scene.Instances, Path.Combine(directory, "SegmentationObject", name + ".png"));
            names.Append(name).Append('\n');
            var objects = string.Join(',', scene.Objects.Select(id => VocClasses.Names[id]));
            var caption = split == SingleSplit ? Captions.Full(scene.Objects[0], scene.Kind) : "";
            captions.Append(CultureInfo.InvariantCulture, $"{name}\t{scene.Kind.Word()}\t{objects}\t{caption}\n");
            drawings.Append(CultureInfo.InvariantCulture, $"{name}\t{string.Join(',', scene.Art)}\n");
        }

        File.WriteAllText(Path.Combine(directory, "ImageSets", "Segmentation", split + ".txt"), names.ToString());
    }
}
