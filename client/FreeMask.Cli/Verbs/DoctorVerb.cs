using System.CommandLine;
using FreeMask.Cli.Health;
using FreeMask.Cli.Terminal;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask doctor</c>: checks whether this machine can run FreeMask, one line for each check.</summary>
internal static class DoctorVerb
{
    internal static Command Create(VerbHost host) =>
        host.Handle(new Command("doctor", "Check that this machine has what a run needs."), (_, context, _) =>
        {
            var checks = Doctor.Examine(context.Data, host.Bundles);
            var ok = checks.All(check => check.Verdict != Verdict.Failed);
            return Task.FromResult(
                    new VerbResult(new { ok, checks }, console => Show(console, checks), ok ? ExitCodes.Ok : ExitCodes.Failed)
                );
        });

    private static void Show(IAnsiConsole console, IReadOnlyList<Check> checks)
    {
        foreach (var check in checks)
        {
            var (mark, color) = check.Verdict switch
            {
                Verdict.Ok => ("ok", "green"),
                Verdict.Warning => ("note", "yellow"),
                _ => ("FAIL", "red"),
            };
            var remedy = check.Remedy is null ? "" : $" [grey]{Markup.Escape(check.Remedy)}[/]";
            console.MarkupLine($"[{color}]{mark,-4}[/] {check.Name,-14} {Markup.Escape(check.Detail)}{remedy}");
        }
    }
}
