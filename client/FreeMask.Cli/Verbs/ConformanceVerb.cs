using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Diffusion.Conformance;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Mask2Former.Conformance;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary>
/// <c>freemask models conformance</c>: compares the results of an ONNX export of a diffusion model, or of a Mask2Former checkpoint, with
/// those of its reference implementation.
/// </summary>
internal static class ConformanceVerb
{
    // The model_type of a Mask2Former's config.json.
    private const string Segmenter = "mask2former";

    internal static Command Create(Argument<string> model, Func<string, string> folderOf, VerbHost host)
    {
        var golden = new Option<string>("--golden")
        {
            Description = "A folder with golden.json and golden.safetensors of the reference.",
            Required = true,
            HelpName = "DIR",
        };
        return host.Handle(
            new Command(
                "conformance",
                "Compare an export of a diffusion model, or a Mask2Former checkpoint, with what its reference computed, quantity by "
                    + "quantity."
            )
            {
                model,
                golden,
            },
            async (parsed, _, stop) =>
            {
                var (named, reference) = (parsed.GetRequiredValue(model), Path.GetFullPath(parsed.GetRequiredValue(golden)));
                var checkpoint = Path.GetFullPath(named);
                var isSegmenter = CheckpointFolder.KindOf(checkpoint) == Segmenter;
                var folder = isSegmenter ? checkpoint : folderOf(named);
                var report = await Task.Run(
                    () =>
                        isSegmenter
                            ? SegmenterConformance.Measure(folder, reference, stop)
                            : BundleConformance.Measure(folder, reference, null, stop),
                    CancellationToken.None
                );
                return new VerbResult(report, console => Show(console, report), report.Passed ? ExitCodes.Ok : ExitCodes.Failed);
            }
        );
    }

    private static void Show(IAnsiConsole console, ConformanceReport report)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("quantity");
        foreach (var heading in new[] { "largest difference", "tolerance" }) table.AddColumn(new TableColumn(heading).RightAligned());
        table.AddColumn("");
        foreach (var row in report.Rows)
        {
            var verdict = row.Note is { } note ? $"[grey]{Markup.Escape(note)}[/]" : row.Passed ? "[green]ok[/]" : "[red]too large[/]";
            table.AddRow(Markup.Escape(row.Quantity), row.Note is null ? Number(row.Difference) : "–", Number(row.Tolerance), verdict);
        }

        console.Write(table);
        var failed = report.Rows.Count(row => !row.Passed);
        console.MarkupLine(failed == 0
            ? $"[green]all {report.Rows.Count} quantities agree[/]"
            : $"[red]{failed} of {report.Rows.Count} quantities differ by more than their tolerance[/]");
    }

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "other size" : value.ToString("0.0e+0", CultureInfo.InvariantCulture);
}
