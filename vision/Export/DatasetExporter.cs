using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FreeMask.Json;

namespace FreeMask.Vision.Export;

/// <summary>
/// Writes a data set in one of the known formats, with <c>manifest.jsonl</c> (one line a sample) and a data card (<c>README.md</c> with
/// <c>preview.jpg</c>). Everything is written to a folder inside the target and moved to its place at the end, the manifest last: where
/// there is a manifest, the data set is whole. <c>.freemask-export</c> lists the files, and only those are replaced by a later export.
/// </summary>
internal static partial class DatasetExporter
{
    /// <summary>One line a sample; the last file of an export to appear.</summary>
    public const string ManifestName = "manifest.jsonl";

    /// <summary>All formats.</summary>
    public static IReadOnlyList<IDatasetFormat> Formats { get; } =
    [
        new VocExporter(),
        new CocoExporter(),
        new CocoPanopticExporter(),
        new YoloExporter(),
        new CityscapesExporter(),
        new CvatExporter(),
        new FiftyOneExporter(),
        new HuggingFaceExporter(),
    ];

    /// <summary>The format of that name.</summary>
    /// <exception cref="FreeMaskException">There is none.</exception>
    public static IDatasetFormat Format(string name) =>
        Formats.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new FreeMaskException(
            $"There is no export format '{name}'; choose one of {string.Join(", ", Formats.Select(f => f.Name))}."
        );

    /// <summary>Says whether a folder can be exported to, before the work is done.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="overwrite">Whether an earlier export may be replaced.</param>
    /// <exception cref="FreeMaskException">It is a file, holds things of somebody else, or an export that may not be replaced.</exception>
    public static void RequireFree(string folder, bool overwrite) => new ExportFolder(folder).RequireFree(overwrite);

    /// <summary>Whether a folder holds an export that can be replaced.</summary>
    public static bool IsExport(string folder) => new ExportFolder(folder).IsExport;

    /// <summary>Writes the data set.</summary>
    /// <param name="format">The layout.</param>
    /// <param name="source">The samples.</param>
    /// <param name="folder">Where to; new or empty, or an earlier export with <see cref="ExportOptions.Overwrite"/>.</param>
    /// <param name="options">Split, names, texts.</param>
    /// <param name="progress">Told the number of samples written.</param>
    /// <param name="cancellationToken">Stops between two samples; nothing remains.</param>
    /// <exception cref="ExportBusyException">Another process exports to the same folder.</exception>
    /// <exception cref="FreeMaskException">The folder is taken, an id is unfit, or a sample contradicts itself.</exception>
    public static async Task<ExportSummary> WriteAsync(
        IDatasetFormat format,
        ExportSource source,
        string folder,
        ExportOptions options,
        IProgress<int>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        RequireIds(source.Items);
        using var staging = new StagingFolder(folder, options.Overwrite);
        var parts = DatasetSplit.Make(source.Items, options.ValidationShare, options.Seed);
        var statistics = new ExportStatistics(options.Labels, source.Items.Count);
        var writer = format.Begin(staging.Path, options);
        await using (var manifest = new StreamWriter(System.IO.Path.Combine(staging.Path, ManifestName)) { NewLine = "\n" })
        {
            for (var i = 0; i < source.Items.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var sample = await source.Load(source.Items[i], cancellationToken);
                RequireNames(source.Items[i], sample, options.Classes);
                writer.Add(source.Items[i], parts[i], sample);
                statistics.Add(i, parts[i], sample);
                await manifest.WriteLineAsync(
                    ManifestLine(source.Items[i], parts[i], sample, options.Classes).AsMemory(),
                    cancellationToken
                );
                progress?.Report(i + 1);
            }
        }

        writer.Complete();
        DataCard.Write(staging.Path, format, options, statistics);
        staging.Commit();
        return new ExportSummary(
            folder,
            System.IO.Path.Combine(folder, format.DataRoot),
            statistics.Train,
            statistics.Validation,
            statistics.Objects
        );
    }

    private static string ManifestLine(ExportItem item, DatasetPart part, ExportSample sample, IReadOnlyList<string> names)
    {
        var line = new JsonObject
        {
            ["id"] = item.Id,
            ["split"] = part.Name(),
            ["width"] = sample.Image.Width,
            ["height"] = sample.Image.Height,
            ["objects"] = new JsonArray([.. sample.InstanceClasses.Select(c => (JsonNode)names[c])]),
        };
        ExportMetadata.AddTo(line, item);
        return line.ToJsonString(JsonFormats.Relaxed);
    }

    private static void RequireIds(IReadOnlyList<ExportItem> items)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var item in items)
        {
            if (!FileStem().IsMatch(item.Id))
                throw new FreeMaskException($"'{item.Id}' cannot be a file name; ids are letters, digits, '_', '-' and '.'.");
            if (!seen.Add(item.Id)) throw new FreeMaskException($"Two samples have the id '{item.Id}'.");
        }
    }

    private static void RequireNames(ExportItem item, ExportSample sample, IReadOnlyList<string> names)
    {
        foreach (var c in ExportSample.ClassesOf(sample.Labels))
            if (c >= names.Count)
                throw new FreeMaskException(
                    $"Sample {item.Id} has the class {c}, but there are only {names.Count} names (0 to {names.Count - 1})."
                );
    }

    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
    private static partial Regex FileStem();
}
