using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Vision;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask samples RUN</c>: lists the samples of a run, or shows one with its facts and times.</summary>
internal static class SamplesVerb
{
    internal static Command Create(VerbHost host)
    {
        var run = Arguments.OptionalRun();
        var round = new Option<int?>("--round")
        {
            Description = "The round, from 1. Default: the last one.",
            HelpName = "N",
        }.Within(1, int.MaxValue);
        var state = new Option<SampleState?>("--state") { Description = "Only samples in this state.", HelpName = "STATE" };
        var name = new Option<string?>("--class") { Description = "Only samples of this class.", HelpName = "NAME" };
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many; 0 for all.",
            DefaultValueFactory = _ => 50,
            HelpName = "N",
        }.Within(0, int.MaxValue);
        var index = new Option<int?>("--sample")
        {
            Description = "Show the sample with this index: its facts, times and artifacts.",
            HelpName = "INDEX",
        }.Within(0, int.MaxValue);
        return host.Handle(
            new Command("samples", "List the samples of a run, or show one. Default: the newest run.")
            {
                run,
                round,
                state,
                name,
                limit,
                index,
            },
            async (parsed, context, stop) =>
            {
                await using var engine = await host.ReadEngineAsync(context, stop);
                var id = await RunIds.FindAsync(engine, parsed.GetValue(run), _ => true, "such");
                var reader = await RunReader.OpenAsync(engine, id);
                var number = parsed.GetValue(round) ?? Math.Max(1, reader.Status.Rounds.Length);
                if (number > reader.Status.Rounds.Length)
                    throw new FreeMaskException($"Run '{id}' has {reader.Status.Rounds.Length} rounds; --round {number} is none of them.");
                if (parsed.GetValue(index) is { } wanted)
                    return await OneAsync(reader, number - 1, wanted);
                var filter = new SampleQuery { Round = number - 1, State = parsed.GetValue(state), Class = parsed.GetValue(name) };
                if (filter.Class is { } named && !reader.Spec.Classes.Contains(named))
                    throw new FreeMaskException(
                        $"Run '{id}' has no class '{named}'; its classes are {string.Join(", ", reader.Spec.Classes)}."
                    );
                var most = parsed.GetValue(limit) is > 0 and var given ? given : int.MaxValue;
                var samples = await reader.SamplesAsync(filter, stop).Take(most).Select(SampleDocument.Of).ToListAsync(stop);
                return new VerbResult(new { run = id, samples }, console => List(console, samples, reader.Spec.LabelSet()));
            }
        );
    }

    private static async Task<VerbResult> OneAsync(RunReader reader, int round, int index)
    {
        var sample =
            await reader.SampleAsync(round, index)
            ?? throw new FreeMaskException(
                $"Round {round + 1} has {reader.Spec.SamplesPerRound} samples; --sample {index} is none of them."
            );
        var document = SampleDocument.OfOne(sample);
        return new VerbResult(new { run = reader.Status.Run, samples = new[] { document } }, console => Show(console, document));
    }

    private static void List(IAnsiConsole console, IReadOnlyList<SampleDocument> samples, LabelSet labels)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var heading in new[] { "round", "index" }) table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var heading in new[] { "state", "class" }) table.AddColumn(heading);
        foreach (var heading in new[] { "score", "attempt" }) table.AddColumn(new TableColumn(heading).RightAligned());
        table.AddColumn("prompt or reason");
        foreach (var sample in samples)
            table.AddRow(
                Text(sample.Round),
                Text(sample.Index),
                Markup.Escape(StageTable.Default.DisplayNameOf(sample.State)),
                Markup.Escape(labels.IndexOf(sample.Class) is > 0 and var id ? labels[id].Words : sample.Class),
                StatusFormatter.Share(sample.Score),
                Text(sample.Attempt),
                Markup.Escape(sample.State == SampleState.Quarantined ? sample.Failure ?? "" : sample.Source ?? sample.Prompt)
            );
        console.Write(table);
    }

    private static void Show(IAnsiConsole console, SampleDocument sample)
    {
        var grid = new Grid().AddColumn().AddColumn();
        void Row(string name, string value) => grid.AddRow(Markup.Escape(name), Markup.Escape(value));
        Row("sample", $"{sample.Round}/{sample.Index}");
        Row("state", StageTable.Default.DisplayNameOf(sample.State));
        Row("class", sample.Class);
        Row(sample.Source is null ? "prompt" : "source", sample.Source ?? sample.Prompt);
        if (sample.Drawing is { } drawing) Row("image of", $"sample {Text(drawing)}");
        Row("attempt", Text(sample.Attempt));
        Row("score", StatusFormatter.Share(sample.Score));
        if (sample.Failure is { } failure) Row("last failure", failure);
        foreach (var (name, value) in sample.Facts) Row(name, value.ToString("0.######", CultureInfo.InvariantCulture));
        foreach (var (stage, seconds) in sample.Seconds) Row($"{stage} (s)", seconds.ToString("0.000", CultureInfo.InvariantCulture));
        foreach (var (name, hash) in sample.Artifacts) Row(name, hash);
        console.Write(grid);
        foreach (var placement in sample.Placements ?? []) ShowPlaces(console, placement);
    }

    private static void ShowPlaces(IAnsiConsole console, PlacementDocument placement)
    {
        string[] parts = [.. placement.Candidates.SelectMany(c => c.Parts.Keys).Distinct()];
        var table = new Table().Border(TableBorder.Simple)
            .Title($"places tried for object {Text(placement.Object)}, cut from sample {Text(placement.Donor)}");
        table.AddColumn("");
        foreach (var heading in (string[])["left, top", "size", "scale", "score", .. parts])
            table.AddColumn(new TableColumn(Markup.Escape(heading)).RightAligned());
        foreach (var place in placement.Candidates)
            table.AddRow([
                place.Chosen ? "taken" : "",
                $"{Text(place.X)}, {Text(place.Y)}",
                $"{Text(place.Width)} x {Text(place.Height)}",
                Share(place.Scale),
                Share(place.Score),
                .. parts.Select(name => place.Parts.TryGetValue(name, out var value) ? Share(value) : ""),
            ]);
        console.Write(table);
    }

    private static string Share(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
