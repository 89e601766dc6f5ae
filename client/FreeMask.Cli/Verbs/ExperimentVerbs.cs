using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Experiments;
using FreeMask.Cli.Reports;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Vision.Affinity;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask experiment</c>: the paper's open questions as commands.</summary>
internal static class ExperimentVerbs
{
    internal static Command Create(VerbHost host)
    {
        var command = new Command("experiment", "Ask one of the method's open questions, with a table and a plot.")
        {
            Thresholds(host),
            Refinements(host),
            AggregationExperimentVerb.Create(host),
            CriterionExperimentVerb.Create(host),
            FilteringExperimentVerb.Create(host),
        };
        foreach (var verb in ResumableExperimentVerbs.Create(host)) command.Add(verb);
        return command;
    }

    private static Command Thresholds(VerbHost host)
    {
        var experiment = new HeldOutExperiment(host);
        var plot = new Option<string?>("--plot") { Description = "Also draw the result, as an SVG.", HelpName = "FILE" };
        return host.Handle(
            new Command(
                "thresholds",
                "Does a threshold per image pay? Fixed thresholds, Otsu's and DiffuMask's adaptive one, with and without refinement, "
                    + "against true masks."
            )
            {
                experiment.Model,
                experiment.Images,
                experiment.Seed,
                plot,
            },
            async (parsed, context, stop) =>
            {
                var folder = experiment.Folder(parsed);
                var drawn = parsed.GetValue(plot) is { } file ? NamedPath.File(file, "--plot") : null;
                var results = await Task.Run(
                    () => ThresholdExperiment.Run(
                        folder,
                        parsed.GetValue(experiment.Images),
                        parsed.GetValue(experiment.Seed),
                        context.WriteMessage,
                        stop
                    ),
                    CancellationToken.None
                );
                if (drawn is not null)
                    await AtomicFile.WriteAsync(drawn, ThresholdChart.Draw(results), stop);
                return new VerbResult(
                    new
                    {
                        model = folder,
                        results,
                        plot = drawn,
                    },
                    console => Show(console, results, drawn)
                );
            }
        );
    }

    private static Command Refinements(VerbHost host)
    {
        var experiment = new HeldOutExperiment(host);
        var affinity = new Option<string?>("--affinity")
        {
            Description = "A model that 'train affinity' wrote. Default: the bundle's own.",
            HelpName = "DIR",
        };
        return host.Handle(
            new Command(
                "refinements",
                "What does each refinement of attention add? Self-attention, learned affinities, PAMR and the dense CRF, against true "
                    + "masks."
            )
            {
                experiment.Model,
                affinity,
                experiment.Images,
                experiment.Seed,
            },
            async (parsed, context, stop) =>
            {
                var folder = experiment.Folder(parsed);
                var heads = AffinityModel.Load(Path.GetFullPath(parsed.GetValue(affinity) ?? Path.Combine(folder, "affinity")));
                var results = await Task.Run(
                    () =>
                        RefinementExperiment.Run(
                            folder,
                            heads,
                            parsed.GetValue(experiment.Images),
                            parsed.GetValue(experiment.Seed),
                            context.WriteMessage,
                            stop
                        ),
                    CancellationToken.None
                );
                return new VerbResult(
                    new
                    {
                        model = folder,
                        affinity = heads.Config,
                        results,
                    },
                    console => Show(console, results)
                );
            }
        );
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<RefinementResult> results)
    {
        IReadOnlyList<string> Cells(Func<RefinementResult, string> cell) => [.. results.Select(cell)];
        List<(string, IReadOnlyList<string>)> rows =
        [
            .. results[0].Classes.Keys.Select(name => (name, Cells(result => SegmenterMeasure.Share(result.Classes[name])))),
        ];
        rows.Add(("all", Cells(result => SegmenterMeasure.Share(result.IoU))));
        rows.Add(
            ("95 % interval", Cells(r => string.Create(CultureInfo.InvariantCulture, $"{r.Interval.Low:0.000}-{r.Interval.High:0.000}")))
        );
        WideTable.Write(console, "class", [.. results.Select(result => result.Method)], rows);
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<ThresholdResult> results, string? plot)
    {
        var refinements = results.Select(result => result.Refinement).Distinct().ToList();
        var table = new Table().Border(TableBorder.Simple).AddColumn("threshold");
        foreach (var refinement in refinements) table.AddColumn(new TableColumn($"refinement {refinement}").RightAligned());
        foreach (var method in results.GroupBy(result => result.Method))
            table.AddRow([
                method.Key,
                .. method.Select(r => new Measured(r.IoU, r.Interval).Text()),
            ]);
        console.Write(table);

        var own = results.Where(result => result.Refinement == "own").ToList();
        WideTable.Write(console, "class, refinement own", [.. own.Select(result => result.Method)], [.. own[0].Classes.Keys.Select(name =>
            (name, (IReadOnlyList<string>)[.. own.Select(result => SegmenterMeasure.Share(result.Classes[name]))]))]);
        if (plot is not null) console.Profile.Out.Writer.WriteLine(plot);
    }
}
