using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Reports;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.GrainInterfaces;
using FreeMask.Vision.Export;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Cli.Sessions;

/// <summary>Writes the products of a run into its folder: data set, segmenter, manifest and report.</summary>
internal sealed class RunProducts(RunReader run, RunFolder folder, CommandContext context, BundleCatalog bundles)
{
    /// <summary>Writes all products that exist so far, replaces earlier ones, and returns their paths.</summary>
    internal async Task<RunDocument> WriteAsync(CancellationToken stop)
    {
        var document = RunDocument.Of(run.Spec, run.Status) with
        {
            Notes = [.. run.Status.Notes, .. new PromptNotes(bundles).Of(run.Spec)],
        };
        using var productsLock = await ProductsLock.TakeAsync(folder, context, stop);
        if (productsLock.IsWritten) return folder.Describe(document);
        var hasKept = run.Status.Rounds.Any(round => round.Counts.Kept > 0);
        if (hasKept)
        {
            context.WriteMessage("Writing the data set ...");
            SetAside();
            var summary = await DatasetExport.WriteAsync(
                run,
                DatasetExporter.Format(RunFolder.DatasetFormat),
                folder.Dataset,
                overwrite: true,
                progress: null,
                stop
            );
            document = document with { Dataset = summary.DataRoot };
        }

        if (run.Status.Segmenter is { } segmenter)
        {
            await WriteSegmenterAsync(segmenter, stop);
            document = document with { Segmenter = folder.Segmenter };
        }

        if (!run.Status.ManifestParts.IsEmpty) await WriteManifestAsync(stop);
        document = document with { Report = folder.Report };
        await WriteReportAsync(document, folder.Report, stop);
        return document;
    }

    /// <summary>
    /// Versions before exports had file lists wrote to the same folder. Their files are kept, because users may have added some.
    /// </summary>
    private void SetAside()
    {
        if (
            !Directory.Exists(folder.Dataset)
            || DatasetExporter.IsExport(folder.Dataset)
            || !Directory.EnumerateFileSystemEntries(folder.Dataset).Any()
        )
            return;
        var aside = Enumerable.Range(1, int.MaxValue).Select(number => $"{folder.Dataset}.old-{number}").First(path => !Path.Exists(path));
        Directory.Move(folder.Dataset, aside);
        context.WriteMessage($"What lay in {folder.Dataset} is no export that can be replaced; it is now {aside}.");
    }

    /// <summary>Writes only the report.</summary>
    internal async Task WriteReportAsync(RunDocument document, string path, CancellationToken stop)
    {
        List<ReportFact> products = [];
        void Add(string name, string product)
        {
            if (Path.Exists(product)) products.Add(new(name, Shown(product, path), Link(product, path)));
        }

        if (document.Dataset is { } dataset) Add("data set", dataset);
        if (document.Segmenter is { } segmenter) Add("segmenter", segmenter);
        Add("run file", folder.RunFile);
        Add("manifest", folder.Manifest);
        Add("log", new LogFiles(context.Data).PathOf(run.Status.Run));
        var data = await new ReportBuilder(run, context.Time).BuildAsync(products, Versions(), document.Notes, stop);
        await AtomicFile.WriteAsync(path, ReportPage.Write(data), stop);
    }

    private static IReadOnlyList<ReportFact> Versions() =>
        [
            new(
                "FreeMask",
                typeof(RunProducts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown"
            ),
            new(".NET", Environment.Version.ToString()),
            new("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}"),
        ];

    private async Task WriteSegmenterAsync(SegmenterModel segmenter, CancellationToken stop)
    {
        // A training program may give an ONNX model alone.
        if (segmenter.Weights != segmenter.Onnx)
        {
            await CopyAsync(segmenter.Config, Path.Combine(folder.Segmenter, ModelFileNames.Config), stop);
            await CopyAsync(segmenter.Weights, Path.Combine(folder.Segmenter, ModelFileNames.Weights), stop);
        }

        if (segmenter.Onnx is { } onnx) await CopyAsync(onnx, Path.Combine(folder.Segmenter, ModelFileNames.Onnx), stop);
        if (segmenter.Card is not { } card) return;
        var text = await run.BytesAsync(card, stop);
        await AtomicFile.WriteAsync(Path.Combine(folder.Segmenter, ModelFileNames.Card), text, stop);
        var preprocessing = SegmenterPreprocessing.Of(SegmenterCard.Parse(Encoding.UTF8.GetString(text.Span), ModelFileNames.Card));
        await AtomicFile.WriteAsync(
            Path.Combine(folder.Segmenter, SegmenterPreprocessing.FileName),
            Encoding.UTF8.GetBytes(preprocessing.ToJson()),
            stop
        );
    }

    private async Task WriteManifestAsync(CancellationToken stop)
    {
        using var manifest = new MemoryStream();
        foreach (var part in run.Status.ManifestParts) await manifest.WriteAsync(await run.BytesAsync(part, stop), stop);
        await AtomicFile.WriteAsync(folder.Manifest, manifest.ToArray(), stop);
    }

    private async Task CopyAsync(string hash, string path, CancellationToken stop) =>
        await AtomicFile.WriteAsync(path, await run.BytesAsync(hash, stop), stop);

    private static string Link(string product, string report) =>
        string.Join('/', Shown(product, report).Split(Path.DirectorySeparatorChar).Select(Uri.EscapeDataString))
        + (Directory.Exists(product) ? "/" : "");

    /// <summary>Removes the home folder from paths, since reports may be sent to others.</summary>
    private static string Shown(string product, string report) => Path.GetRelativePath(Path.GetDirectoryName(report)!, product);
}
