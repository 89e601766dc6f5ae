using FreeMask.GrainInterfaces;
using Spectre.Console;

namespace FreeMask.Cli.Runs;

/// <summary>The text form of a run's document.</summary>
internal static class RunDocumentView
{
    /// <summary>Writes the counts of each round and the paths of the products.</summary>
    internal static void Show(this RunDocument document, IAnsiConsole console)
    {
        if (document.Rounds.Count > 0) console.Write(Table(document));
        foreach (var note in document.Notes) console.Profile.Out.Writer.WriteLine($"Note: {note}");
        if (document.Reason is { Length: > 0 } reason) console.MarkupLine($"[yellow]{Markup.Escape(reason)}[/]");
        Line(console, "data set", document.Dataset);
        Line(console, "segmenter", document.Segmenter);
        Line(console, "report", document.Report);
        Line(console, "manifest", document.ManifestHash);
    }

    private static Table Table(RunDocument document)
    {
        var (rounds, begin) = (document.Rounds, document.Start);
        var table = new Table().Border(TableBorder.Simple).AddColumn(document.Run);
        if (begin is not null) table.AddColumn(new TableColumn("start").RightAligned());
        foreach (var round in rounds) table.AddColumn(new TableColumn($"round {round.Round}").RightAligned());
        void Row(string name, Func<RoundDocument, string> cell, string start = "") =>
            table.AddRow([name, .. begin is null ? Array.Empty<string>() : [start], .. rounds.Select(cell)]);
        foreach (var state in StageTable.Default.States.Where(state => state != SampleState.Quarantined))
        {
            var name = StageTable.Default.DisplayNameOf(state);
            Row(state == SampleState.Kept ? $"[green]{name}[/]" : name, round => $"{round.Counts[state]}");
        }

        if (rounds.Any(round => round.Counts.Quarantined > 0))
            Row("[red]quarantined[/]", round => $"{round.Counts.Quarantined}");
        var classes = Math.Max(begin?.IoU.Count ?? 0, rounds.Max(round => round.IoU.Count));
        if (classes == 0)
        {
            Row("mIoU", _ => StatusFormatter.Share(null));
            return table;
        }

        Row($"mIoU over {classes} classes", round => StatusFormatter.Share(round.MIoU), StatusFormatter.Share(begin?.MIoU));
        // A protocol may count classes that are merged from those of the run; a run of all classes would say the same twice.
        if (rounds.Any(round => round.MIoUOfRun is { } own && own != round.MIoU))
            Row("mIoU over the run's own", round => StatusFormatter.Share(round.MIoUOfRun), StatusFormatter.Share(begin?.MIoUOfRun));
        if (rounds.Select(round => round.ZeroShot).Append(begin?.ZeroShot).Any(split => split is not null))
            foreach (var (name, part) in Split)
                Row(name, round => StatusFormatter.Share(Of(round.ZeroShot, part)), StatusFormatter.Share(Of(begin?.ZeroShot, part)));
        if (rounds.Any(round => round.Transfer is not null))
            Row(
                "mIoU on the second set",
                round => StatusFormatter.Share(round.Transfer?.MIoU),
                StatusFormatter.Share(begin?.Transfer?.MIoU)
            );
        return table;
    }

    private static (string Name, Func<ZeroShotQuality, double> Part)[] Split { get; } =
    [
        ("seen classes", split => split.Seen),
        ("unseen classes", split => split.Unseen),
        ("harmonic mean", split => split.Harmonic),
    ];

    private static double? Of(ZeroShotQuality? split, Func<ZeroShotQuality, double> part) => split is null ? null : part(split);

    private static void Line(IAnsiConsole console, string name, string? value)
    {
        if (value is not null) console.Profile.Out.Writer.WriteLine($"{name,-10} {value}");
    }
}
