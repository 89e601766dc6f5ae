using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Experiments;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Mini.Evaluation;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask experiment aggregation</c>: which timesteps and layers of attention find the object?</summary>
internal static class AggregationExperimentVerb
{
    internal static Command Create(VerbHost host)
    {
        var experiment = new HeldOutExperiment(host);
        return host.Handle(
            new Command(
                "aggregation",
                "Which attention finds the object? Single timesteps and averages, layers and resolutions, published presets, against true "
                    + "masks."
            )
            {
                experiment.Model,
                experiment.Images,
                experiment.Seed,
            },
            async (parsed, context, stop) =>
            {
                var folder = experiment.Folder(parsed);
                var results = await Task.Run(
                    () => AggregationExperiment.Run(
                        folder,
                        parsed.GetValue(experiment.Images),
                        parsed.GetValue(experiment.Seed),
                        context.WriteMessage,
                        stop
                    ),
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
                    new Measured(r.IoU, r.Interval).Text(),
                    new Measured(r.Difference, r.DifferenceInterval).Text("+0.000;-0.000"),
                    double.IsNaN(r.Refined) ? "" : SegmenterMeasure.Share(r.Refined)
                );
        }

        console.Write(table);
        var timesteps = results.Where(result => result.Group == results[0].Group).ToList();
        WideTable.Write(console, "class", [.. timesteps.Select(result => result.Method)], [.. timesteps[0].Classes.Keys.Select(name =>
            (name, (IReadOnlyList<string>)[.. timesteps.Select(result => SegmenterMeasure.Share(result.Classes[name]))]))]);
    }
}
