using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Grains.Domain;
using FreeMask.Vision.Evaluation;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask experiment criteria</c>: which score of a sample finds faults of its label?</summary>
internal static class CriterionExperimentVerb
{
    internal static Command Create(VerbHost host)
    {
        var run = Arguments.Run();
        var seed = Arguments.Seed("Names the faults and the draws of the intervals.");
        return host.Handle(
            new Command(
                "criteria",
                "Which score finds faults of labels? Labels of a run's scored samples are harmed in known ways and scored again."
            )
            {
                run,
                seed,
            },
            async (parsed, context, stop) =>
            {
                await using var engine = await host.ReadEngineAsync(context, stop);
                var id = await RunIds.FindAsync(engine, parsed.GetRequiredValue(run), _ => true, "such");
                var reader = await RunReader.OpenAsync(engine, id);
                List<ScoredSample> samples = [.. (await ScoredSamples.ReadAsync(reader, id, stop)).Select(scored => scored.Sample)];
                context.WriteMessage($"Harming the labels of {samples.Count} samples of run '{id}'.");
                byte[] classes = [.. reader.Spec.Classes.Select(name => (byte)reader.Spec.LabelSet().IndexOf(name))];
                var results = await Task.Run(
                    () => CriterionExperiment.Run(samples, classes, parsed.GetValue(seed)),
                    CancellationToken.None
                );
                return new VerbResult(
                    new
                    {
                        run = id,
                        samples = samples.Count,
                        results,
                    },
                    console => Show(console, results)
                );
            }
        );
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<CriterionResult> results)
    {
        var criteria = results.Select(result => result.Criterion).Distinct().ToList();
        var rows = results
            .GroupBy(result => result.Fault)
            .Select(fault => (Name(fault.Key, fault.First().Samples), (IReadOnlyList<string>)[.. fault.Select(Cell)]))
            .ToList();
        var all = results.Where(result => result.Fault is null).ToList();
        rows.Add(("harmed of the lowest 30 %", [.. all.Select(result => SegmenterMeasure.Share(result.Found))]));
        WideTable.Write(console, "AUC (95 % interval)", criteria, rows);
    }

    private static string Name(LabelFault? fault, int samples) =>
        fault switch
        {
            LabelFault.Shifted => $"object shifted ({samples})",
            LabelFault.Grown => $"object grown ({samples})",
            LabelFault.Shrunk => $"object shrunk ({samples})",
            LabelFault.Cut => $"half of an object missing ({samples})",
            LabelFault.Missing => $"an object missing ({samples})",
            LabelFault.WrongClass => $"wrong class ({samples})",
            _ => $"all ({samples})",
        };

    private static string Cell(CriterionResult result) =>
        string.Create(CultureInfo.InvariantCulture, $"{result.Auc:0.00} ({result.Interval.Low:0.00}-{result.Interval.High:0.00})");
}
