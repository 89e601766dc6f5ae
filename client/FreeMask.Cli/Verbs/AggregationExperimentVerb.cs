using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Vision.Evaluation;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask experiment aggregation</c>: which timesteps and layers of attention find the object?</summary>
internal static class AggregationExperimentVerb
{
    internal static Command Create(VerbHost host)
    {
        var model = new Option<string>("--model")
        {
            Description = "A bundle with a held-out set.",
            DefaultValueFactory = _ => "mini",
            HelpName = "MODEL",
        };
        var images = new Option<int>("--images") { Description = "How many held-out images; 0 for all.", HelpName = "N" }.Within(
            0,
            int.MaxValue
        );
        var seed = new Option<ulong>("--seed")
        {
            Description = "Names the noise and the draws of the intervals.",
            DefaultValueFactory = _ => 1,
            HelpName = "N",
        };
        return host.Handle(
            new Command(
                "aggregation",
                "Which attention finds the object? Single timesteps and averages, layers and resolutions, published presets, against true "
                    + "masks."
            )
            {
                model,
                images,
                seed,
            },
            async (parsed, context, stop) =>
            {
                var named = parsed.GetRequiredValue(model);
                var folder =
                    host.Bundles.Folder(named, Directory.GetCurrentDirectory())
                    ?? throw new FreeMaskException($"There is no model bundle '{named}' with a {BundleCatalog.IndexFile}.");
                var results = await Task.Run(
                    () => AggregationExperiment.Run(folder, parsed.GetValue(images), parsed.GetValue(seed), context.WriteMessage, stop),
                    CancellationToken.None
                );
                return new VerbResult(new { model = folder, results }, console => Show(console, results));
            }
        );
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<AggregationResult> results)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("attention");
        foreach (var column in (string[])["U-Net calls", "IoU (95 % interval)", "against the default", "refined"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var group in results.GroupBy(result => result.Group))
        {
            table.AddRow(group.Key);
            foreach (var r in group)
                table.AddRow(
                    "  " + r.Method,
                    r.Calls.ToString(CultureInfo.InvariantCulture),
                    With(r.IoU, r.Interval, "0.000"),
                    With(r.Difference, r.DifferenceInterval, "+0.000;-0.000"),
                    double.IsNaN(r.Refined) ? "" : SegmenterMeasure.Share(r.Refined)
                );
        }

        console.Write(table);
        var timesteps = results.Where(result => result.Group == results[0].Group).ToList();
        WideTable.Write(console, "class", [.. timesteps.Select(result => result.Method)], [.. timesteps[0].Classes.Keys.Select(name =>
            (name, (IReadOnlyList<string>)[.. timesteps.Select(result => SegmenterMeasure.Share(result.Classes[name]))]))]);
    }

    private static string With(double value, ConfidenceInterval interval, string format)
    {
        // Rounded first: a small negative number would get both signs.
        string Number(double number) => (Math.Round(number, 3) + 0.0).ToString(format, CultureInfo.InvariantCulture);
        return $"{Number(value)} ({Number(interval.Low)} to {Number(interval.High)})";
    }
}
