using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Imaging;
using FreeMask.Training.Mini;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Training.Mini.Stages;
using FreeMask.Vision;

namespace FreeMask.Cli.Experiments;

/// <summary>What the person who drew the mask of an image saw in it.</summary>
internal enum MaskVerdict
{
    /// <summary>The object; it has a mask.</summary>
    Object,

    /// <summary>No object of the class.</summary>
    NoObject,

    /// <summary>An object whose border nobody can tell.</summary>
    Unclear,
}

/// <summary>An image that the bundle generated, with all that is needed to generate it again.</summary>
/// <param name="Name">The name of its files.</param>
/// <param name="Plan">Class, prompt, seed and stream, as a run plans them.</param>
/// <param name="Attempt">The attempt of the sample.</param>
/// <param name="Generation">Steps and guidance; the rest are a run's defaults.</param>
/// <param name="Verdict">What it shows.</param>
internal sealed record GeneratedImage(string Name, SamplePlan Plan, int Attempt, GenerationSpec Generation, MaskVerdict Verdict);

/// <summary>
/// Images that a bundle generated, with masks that were drawn by hand: a set to measure masks from attention. It is no test set of
/// segmenters, which learn from images of the same generator, and therefore not among those of <see cref="TestSet"/>.
/// </summary>
internal static class GeneratedSet
{
    /// <summary>Its folder among the held-out sets of a bundle.</summary>
    internal const string FolderName = "generated";

    /// <summary>How each image was generated, and what it shows.</summary>
    internal const string TableFile = "generation.tsv";

    private const string Images = "JPEGImages", Masks = "SegmentationClass";

    private const string Columns = "eight columns: name, seed, index, attempt, steps, guidance, verdict, note";

    private static readonly Dictionary<string, MaskVerdict> Verdicts = new(StringComparer.Ordinal)
    {
        ["object"] = MaskVerdict.Object,
        ["no object"] = MaskVerdict.NoObject,
        ["unclear"] = MaskVerdict.Unclear,
    };

    /// <summary>The set of a bundle; null where it ships none.</summary>
    internal static string? FolderOf(string model)
    {
        var folder = Path.Combine(model, MiniDiffusionTrainer.HeldOutFolder, FolderName);
        return Directory.Exists(folder) ? folder : null;
    }

    /// <summary>All images, in the order of the table.</summary>
    /// <exception cref="FreeMaskException">A table is missing or not as written.</exception>
    internal static IReadOnlyList<GeneratedImage> Read(string folder)
    {
        var captions = HeldOutSet.ReadCaptions(folder);
        var path = Path.Combine(folder, TableFile);
        return
        [
            .. HeldOutSet.ReadTable(path, Columns, columns: 8).Select(row =>
            {
                if (
                    captions.TryGetValue(row[0], out var caption)
                    && VocClasses.IndexOf(caption.Objects) is > 0 and var classId
                    && ulong.TryParse(row[1], CultureInfo.InvariantCulture, out var seed)
                    && long.TryParse(row[2], CultureInfo.InvariantCulture, out var index)
                    && int.TryParse(row[3], CultureInfo.InvariantCulture, out var attempt)
                    && int.TryParse(row[4], CultureInfo.InvariantCulture, out var steps)
                    && double.TryParse(row[5], CultureInfo.InvariantCulture, out var guidance)
                    && Verdicts.TryGetValue(row[6], out var verdict)
                )
                    return new GeneratedImage(
                        row[0],
                        new(index, caption.Objects, classId, "", caption.Caption, "", seed),
                        attempt,
                        new() { Steps = steps, Guidance = guidance },
                        verdict
                    );
                throw new FreeMaskException(
                    $"{path}: the row '{string.Join(' ', row)}' must have a name of {HeldOutSet.CaptionFile} with one class, numbers, and "
                        + $"one of {string.Join(", ", Verdicts.Keys)}. ({Columns})"
                );
            }),
        ];
    }

    /// <summary>The stored image, with the mask that was drawn of it.</summary>
    /// <exception cref="FreeMaskException">A file is missing or damaged.</exception>
    internal static HeldOutScene Load(string folder, GeneratedImage image) => new(
        new(
            image.Name,
            ImageCodec.Load(Path.Combine(folder, Images, image.Name + ".jpg")),
            IndexedPng.Load(Path.Combine(folder, Masks, image.Name + ".png"))
        ),
        image.Plan.ClassIndex,
        image.Plan.Prompt
    );

    /// <summary>The sha256 over names and contents of images, masks and tables: a corrected mask is measured anew.</summary>
    internal static string Hash(string folder)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] files =
        [
            HeldOutSet.CaptionFile,
            TableFile,
            .. ((string[])[Images, Masks]).SelectMany(part =>
                Directory
                    .EnumerateFiles(Path.Combine(folder, part))
                    .Select(file => $"{part}/{Path.GetFileName(file)}")
                    .Order(StringComparer.Ordinal)
            ),
        ];
        foreach (var file in files)
        {
            all.AppendData(Encoding.UTF8.GetBytes($"{file}\n"));
            all.AppendData(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, file))));
        }

        return Convert.ToHexStringLower(all.GetHashAndReset());
    }
}
