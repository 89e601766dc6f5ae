using System.CommandLine;
using FreeMask.Cli.Reports;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Sessions;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.Imaging;
using FreeMask.Vision.Export;

namespace FreeMask.Cli.Verbs;

/// <summary>The verbs that write products of a run: <c>export</c>, <c>report</c>.</summary>
internal static class ProductVerbs
{
    internal static Command Export(VerbHost host)
    {
        var run = new Argument<string>("run")
        {
            Description = "The id of a run; with --onnx a run or a folder with a Mask2Former checkpoint.",
            HelpName = "RUN|MODEL",
        };
        var onnx = new Option<bool>("--onnx") { Description = "Write the segmenter as model.onnx and card.json instead of a data set." };
        var size = new Option<string?>("--size")
        {
            Description = "With --onnx: the image's size in pixels. Default: the size it was trained for.",
            HelpName = "SIDE|WxH",
        };
        var format = new Option<string>("--format")
        {
            Description = $"The layout: {string.Join(", ", DatasetExporter.Formats.Select(format => format.Name))}.",
            DefaultValueFactory = _ => "voc",
            HelpName = "FORMAT",
        };
        var folder = new Option<string>("--out")
        {
            Description = "The folder to write to; new, empty, or an earlier export with --overwrite.",
            Required = true,
            HelpName = "DIR",
        };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace an earlier export." };
        return host.Handle(
            new Command("export", "Write the kept samples of a run as a data set, or a segmenter as ONNX.")
            {
                run,
                format,
                folder,
                overwrite,
                onnx,
                size,
            },
            async (parsed, context, stop) =>
            {
                if (parsed.GetValue(onnx))
                    Arguments.Refuse(parsed, format, "is the layout of a data set; with --onnx a segmenter is written");
                else
                    Arguments.Refuse(
                        parsed,
                        size,
                        "is for segmenters, with --onnx; the images of a data set have the size that they were made in"
                    );
                if (parsed.GetValue(onnx))
                    return await OnnxExportVerb.RunAsync(
                        parsed.GetRequiredValue(run),
                        NamedPath.Full(parsed.GetRequiredValue(folder), "--out"),
                        parsed.GetValue(size),
                        parsed.GetValue(overwrite),
                        context
                    );
                var layout = DatasetExporter.Format(parsed.GetRequiredValue(format));
                var target = OutputFolder.Check(parsed.GetRequiredValue(folder));
                DatasetExporter.RequireFree(target, parsed.GetValue(overwrite));
                ExportSummary summary;
                try
                {
                    summary = await WriteAsync(await host.ReadEngineAsync(context, stop));
                }
                catch (LostImageException)
                {
                    // Lost artifacts are recomputed, which needs the models.
                    summary = await WriteAsync(await host.OpenEngineAsync(context, stop));
                }

                var document = new
                {
                    run = parsed.GetRequiredValue(run),
                    format = layout.Name,
                    folder = summary.Folder,
                    dataset = summary.DataRoot,
                    train = summary.Train,
                    val = summary.Validation,
                    objects = summary.Objects,
                };
                return new VerbResult(
                    document,
                    console =>
                        console.Profile.Out.Writer.WriteLine(
                            $"{summary.Train + summary.Validation} images ({summary.Train} train, {summary.Validation} val) with "
                                + $"{summary.Objects} objects in {summary.DataRoot}"
                        )
                );

                async Task<ExportSummary> WriteAsync(IEngine opened)
                {
                    await using var engine = opened;
                    var id = await RunIds.FindAsync(engine, parsed.GetRequiredValue(run), _ => true, "such");
                    return await DatasetExport.WriteAsync(
                        await RunReader.OpenAsync(engine, id),
                        layout,
                        target,
                        parsed.GetValue(overwrite),
                        null,
                        stop
                    );
                }
            }
        );
    }

    internal static Command Report(VerbHost host)
    {
        var run = Arguments.OptionalRun();
        var file = new Option<string?>("--out")
        {
            Description = "The file to write. Default: report.html in the run's folder.",
            HelpName = "FILE",
        };
        var sheet = new Option<string?>("--sheet")
        {
            Description = "Also draw kept samples into one image, a .png or .jpg: drawn, mask, finished, label.",
            HelpName = "FILE",
        };
        return host.Handle(
            new Command("report", "Write the report of a run, finished or not. Default: the newest one.") { run, file, sheet },
            async (parsed, context, stop) =>
            {
                var (page, drawing) = (
                    parsed.GetValue(file) is { } named ? NamedPath.File(named, "--out") : null,
                    parsed.GetValue(sheet) is { } target ? SheetFile(target) : null
                );
                await using var engine = await host.ReadEngineAsync(context, stop);
                var id = await RunIds.FindAsync(engine, parsed.GetValue(run), _ => true, "such");
                var reader = await RunReader.OpenAsync(engine, id);
                var folder = new RunFolder(context.Data, id);
                var path = page ?? folder.Report;
                var document = folder.Describe(RunDocument.Of(reader.Spec, reader.Status)) with
                {
                    Notes = [.. reader.Status.Notes, .. new PromptNotes(host.Bundles).Of(reader.Spec)],
                };
                await new RunProducts(reader, folder, context, host.Bundles).WriteReportAsync(document, path, stop);
                var image = drawing is null ? null : await DrawSheetAsync(reader, drawing, stop);
                return new VerbResult(
                    new
                    {
                        run = id,
                        report = path,
                        sheet = image,
                    },
                    console =>
                    {
                        console.Profile.Out.Writer.WriteLine(path);
                        if (image is not null)
                            console.Profile.Out.Writer.WriteLine(image);
                    }
                );
            }
        );
    }

    private static string SheetFile(string named) =>
        NamedPath.File(named, "--sheet") is var path && (IsPng(path) || Path.GetExtension(path).ToLowerInvariant() is ".jpg" or ".jpeg")
            ? path
            : throw new FreeMaskException($"A sheet is a .png or a .jpg, not '{Path.GetExtension(named)}'.");

    private static bool IsPng(string path) => string.Equals(Path.GetExtension(path), ".png", StringComparison.OrdinalIgnoreCase);

    private static async Task<string> DrawSheetAsync(RunReader reader, string path, CancellationToken stop)
    {
        var drawn = await ContactSheet.DrawAsync(reader, stop);
        var bytes = IsPng(path) ? ImageCodec.EncodePng(drawn) : ImageCodec.EncodeJpeg(drawn, 88);
        await AtomicFile.WriteAsync(path, bytes, stop);
        return path;
    }
}
