using FreeMask.GrainInterfaces;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FreeMask.Cli.Progress;

/// <summary>Renders progress on a terminal: state of the run, funnel of the round, training, remaining time.</summary>
internal sealed class ProgressView(bool unicode)
{
    private const int BarWidth = 32;
    private readonly TimeLeftEstimator _estimator = new();

    /// <summary>Renders a status.</summary>
    /// <param name="status">The run.</param>
    /// <param name="now">The current time.</param>
    /// <param name="hint">The last line: what the user can do now.</param>
    internal IRenderable Draw(RunStatus status, DateTimeOffset now, string hint)
    {
        var left = _estimator.Observe(status, now);
        var rows = new List<IRenderable> { Head(status, now, left), Text.Empty };
        if (!status.Rounds.IsEmpty)
        {
            rows.AddRange(status.Rounds.Where(round => round.Phase == RoundPhase.Closed && status.Rounds[^1] != round).Select(Closed));
            var round = status.Rounds[^1];
            rows.Add(Funnel(round));
            rows.Add(Foot(round));
        }

        foreach (var note in status.Notes) rows.Add(new Markup($"[yellow]Note: {Markup.Escape(note)}[/]"));
        if (status.Reason is { Length: > 0 } reason) rows.Add(new Markup($"[yellow]{Markup.Escape(reason)}[/]"));
        rows.Add(new Markup($"[grey]{Markup.Escape(hint)}[/]"));
        return new Rows(rows);
    }

    private static Markup Head(RunStatus status, DateTimeOffset now, TimeLeft left)
    {
        var color = status.State switch
        {
            RunState.Running => "green",
            RunState.Completed => "green",
            RunState.Failed or RunState.Cancelled => "red",
            _ => "yellow",
        };
        var place = status.Rounds.IsEmpty
            ? "starting"
            : $"round {status.Rounds[^1].Round + 1} of {status.RoundsPlanned}, {StatusFormatter.Phase(status.Rounds[^1].Phase)}";
        var elapsed = StatusFormatter.Clock((status.EndedAt ?? now) - (status.StartedAt ?? now));
        var eta = StatusFormatter.Left(left, status) is { } words ? $", {words}" : "";
        return new Markup(
            $"[bold]{Markup.Escape(status.Run)}[/]  [{color}]{StatusFormatter.State(status.State)}[/]  {Markup.Escape(place)}  "
                + $"[grey]{elapsed}{eta}[/]"
        );
    }

    private static Markup Closed(RoundStatus round) =>
        new(
            $"[grey]round {round.Round + 1}: kept {round.Counts.Kept} of {round.Counts.Planned}{StatusFormatter.MeanIoU(round.Quality)}[/]"
        );

    private Grid Funnel(RoundStatus round)
    {
        var grid = new Grid()
            .AddColumn(new GridColumn().Width(11).NoWrap())
            .AddColumn(new GridColumn().NoWrap().Width(BarWidth))
            .AddColumn(new GridColumn().RightAligned().NoWrap());
        foreach (var (stage, count) in StatusFormatter.Funnel(round.Counts))
            grid.AddRow(
                new Text(stage),
                Bar(
                    count,
                    round.Counts.Planned,
                    stage == "dropped" ? "grey"
                        : stage == "kept" ? "green"
                        : "teal"
                ),
                new Text(count.ToString(System.Globalization.CultureInfo.InvariantCulture))
            );
        if (round.Training is { } training)
            grid.AddRow(new Text("training"), Bar(training.Step, training.Steps, "blue"), new Text(StatusFormatter.Training(training)));
        return grid;
    }

    private static Markup Foot(RoundStatus round)
    {
        List<string> parts = [];
        if (round.Rate > 0) parts.Add($"{StatusFormatter.Rate(round.Rate)} stage results/s");
        if (round.Counts.Rejected > 0) parts.Add($"{round.Counts.Rejected} masks rejected");
        if (round.Counts.Quarantined > 0) parts.Add($"[red]{round.Counts.Quarantined} quarantined[/]");
        if (round.Error is { } error) parts.Add($"[red]{Markup.Escape(error)}[/]");
        return new Markup(string.Join(", ", parts));
    }

    private Markup Bar(int count, int of, string color)
    {
        var filled = of <= 0 ? 0 : Math.Clamp((int)Math.Round((double)BarWidth * count / of), 0, BarWidth);
        var (full, empty) = unicode ? ('━', '─') : ('#', '.');
        return new Markup($"[{color}]{new string(full, filled)}[/][grey]{new string(empty, BarWidth - filled)}[/]");
    }
}
