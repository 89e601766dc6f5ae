using System.CommandLine;
using FreeMask.Cli.Completion;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;
using FreeMask.Files;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask completion SHELL</c>: shell completion of verbs, options and run ids.</summary>
internal static class CompletionVerb
{
    internal static Command Create(VerbHost host)
    {
        var shell = new Argument<string>("shell")
        {
            Description = $"One of {string.Join(", ", CompletionScripts.Shells)}.",
            HelpName = "SHELL",
        };
        var install = new Option<bool>("--install")
        {
            Description = "Write the script to where the shell looks for it, instead of to standard output.",
        };
        return host.Handle(new Command("completion", "Make a shell complete verbs, options and runs.") { shell, install }, (parsed, _, _) =>
        {
            var named = parsed.GetRequiredValue(shell);
            if (!CompletionScripts.Shells.Contains(named))
                throw new FreeMaskException(
                        $"There is no completion for '{named}'; there is one for "
                            + $"{string.Join(", ", CompletionScripts.Shells)}.{NameSuggester.Suggestion(named, CompletionScripts.Shells)}"
                    );
            var script = CompletionScripts.Of(named);
            if (!parsed.GetValue(install))
                return Task.FromResult(
                    new VerbResult(new { shell = named, script }, console => console.Profile.Out.Writer.Write(script))
                );
            var (file, hint) = CompletionScripts.Place(
                    named,
                    host.Variable("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
                    host.Variable
                );
            if (file is null) throw new FreeMaskException($"There is no place where {named} looks for scripts by itself. {hint}");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            AtomicFile.Write(file, script);
            return Task.FromResult(
                    new VerbResult(
                        new
                        {
                            shell = named,
                            file,
                            hint,
                        },
                        console => console.Profile.Out.Writer.WriteLine($"{file}\n{hint}")
                    )
                );
        });
    }
}
