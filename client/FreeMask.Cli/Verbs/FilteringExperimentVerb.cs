using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Grains.Domain;
using FreeMask.Vision.Evaluation;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask experiment filtering</c>: whom does the selection drop?</summary>
internal static class FilteringExperimentVerb
{
    internal static Command Create(VerbHost host)
    {
        var run = Arguments.Run();
        var keep = new Option<double?>("--keep")
        {
            Description = "The share of each class of a round that stays. Default: keepRatio of the run.",
            HelpName = "SHARE",
        }.Share();
        var seed = Arguments.Seed("Names the draws of the intervals.");
        return host.Handle(
            new Command(
                "filtering",
                "Whom does the selection drop? What each score keeps of a run's samples, by number and size of objects and by what they "
                    + "show."
            )
            {
                run,
                keep,
                seed,
            },
            async (parsed, context, stop) =>
            {
                await using var engine = await host.ReadEngineAsync(context, stop);
                var id = await RunIds.FindAsync(engine, parsed.GetRequiredValue(run), _ => true, "such");
                var reader = await RunReader.OpenAsync(engine, id);
                var names = reader.Spec.LabelSet().Names;
                var samples = (await ScoredSamples.ReadAsync(reader, id, stop))
                    .Select(scored => FilteredSample.Of(scored.Sample, scored.Record.Round, scored.Record.Plan.ClassIndex, names))
                    .ToList();
                var share = parsed.GetValue(keep) ?? reader.Spec.KeepRatio;
                var results = await Task.Run(() => FilteringExperiment.Run(samples, share, parsed.GetValue(seed)), CancellationToken.None);
                return new VerbResult(
                    new
                    {
                        run = id,
                        samples = samples.Count,
                        keepRatio = share,
                        results,
                    },
                    console => Show(console, results)
                );
            }
        );
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<FilteringResult> results)
    {
        var rows = results
            .GroupBy(result => (result.Group, result.Value))
            .Select(group => (Name(group.First()), (IReadOnlyList<string>)[.. group.Select(Cell)]))
            .ToList();
        WideTable.Write(console, "kept (95 % interval)", [.. results.Select(result => result.Criterion).Distinct()], rows);
    }

    private static string Name(FilteringResult result)
    {
        var value = result.Group is "objects" or "shows" ? $"{result.Group}: {result.Value}" : result.Value;
        return $"{value} ({result.Samples.ToString(CultureInfo.InvariantCulture)})";
    }

    private static string Cell(FilteringResult result) =>
        string.Create(CultureInfo.InvariantCulture, $"{result.Share:0.00} ({result.Interval.Low:0.00}-{result.Interval.High:0.00})");
}
