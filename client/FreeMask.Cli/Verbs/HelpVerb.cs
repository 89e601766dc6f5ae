using System.CommandLine;
using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask help VERB</c>: the same as <c>freemask VERB --help</c>.</summary>
internal static class HelpVerb
{
    internal static Command Create(VerbHost host, RootCommand root, InvocationConfiguration configuration)
    {
        var verbs = new Argument<string[]>("verb")
        {
            Description = "The verb, such as 'run' or 'models pull'.",
            HelpName = "VERB",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("help", "Show what a verb does and takes.") { verbs };
        command.SetAction((parsed, stop) =>
        {
            var named = parsed.GetValue(verbs) ?? [];
            var target = root.Parse(named);
            return Misspellings.Find(target) is { Count: > 0 } problems
                ? Task.FromResult(host.Reject(problems, "freemask"))
                : root.Parse([.. named, "--help"]).InvokeAsync(configuration, stop);
        });
        return command;
    }
}
