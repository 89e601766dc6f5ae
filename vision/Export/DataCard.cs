using System.Globalization;
using System.Text;
using FreeMask.Imaging;

namespace FreeMask.Vision.Export;

/// <summary>The README that travels with a data set.</summary>
internal static class DataCard
{
    private const string PreviewName = "preview.jpg";

    internal static void Write(string folder, IDatasetFormat format, ExportOptions options, ExportStatistics statistics)
    {
        if (statistics.Preview.Count > 0)
            File.WriteAllBytes(Path.Combine(folder, PreviewName), ImageCodec.EncodeJpeg(ImageOverlay.Grid(statistics.Preview, 6), 90));
        File.WriteAllText(Path.Combine(folder, "README.md"), Text(format, options, statistics));
    }

    private static string Text(IDatasetFormat format, ExportOptions options, ExportStatistics statistics)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {MarkdownText.Escape(options.Title)}\n\n");
        if (options.Description.Length > 0) text.Append(options.Description.Trim()).Append("\n\n");
        if (statistics.Preview.Count > 0) text.Append(CultureInfo.InvariantCulture, $"![Samples with their masks]({PreviewName})\n\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"| part | images |\n|---|---:|\n| train | {statistics.Train} |\n| val | {statistics.Validation} |\n\n"
        );
        AppendClasses(text, options.Labels, statistics);
        if (options.Facts.Count > 0)
        {
            text.Append("## How it was made\n\n");
            foreach (var (name, value) in options.Facts)
                text.Append(CultureInfo.InvariantCulture, $"- {name}: {MarkdownText.Escape(value)}\n");
            text.Append('\n');
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $"## Files\n\nFormat `{format.Name}`; readers start at `{(format.DataRoot.Length > 0 ? format.DataRoot : ".")}`. "
        );
        text.Append(
            CultureInfo.InvariantCulture,
            $"`{DatasetExporter.ManifestName}` has one JSON object a sample. The split was drawn with seed {options.Seed}, class by "
                + $"class.\n"
        );
        return text.ToString();
    }

    private static void AppendClasses(StringBuilder text, LabelSet labels, ExportStatistics statistics)
    {
        var total = Math.Max(1, statistics.Pixels.Sum());
        text.Append("## Classes\n\n| index | class | objects | images (train) | images (val) | pixels |\n|---:|---|---:|---:|---:|---:|\n");
        var values = labels.Values;
        for (var c = 0; c < labels.Names.Count; c++)
        {
            if (statistics.Pixels[c] == 0) continue;
            text.Append(CultureInfo.InvariantCulture, $"| {values[c]} | {labels.Names[c]} | ");
            if (c == 0)
                text.Append("| | |");
            else
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{statistics.ObjectsOf[c]} | {statistics.TrainImagesOf[c]} | {statistics.ValidationImagesOf[c]} |"
                );
            text.Append(CultureInfo.InvariantCulture, $" {100.0 * statistics.Pixels[c] / total:0.0} % |\n");
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $"| 255 | void (undecided outlines) | | | | {100.0 * statistics.Pixels[LabelMap.Ignore] / total:0.0} % |\n\n"
        );
    }
}
