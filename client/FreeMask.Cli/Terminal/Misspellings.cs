using System.CommandLine;
using System.CommandLine.Parsing;
using FreeMask.Cli.RunFiles;

namespace FreeMask.Cli.Terminal;

/// <summary>Finds unknown verbs and options on the command line, with suggestions.</summary>
internal static class Misspellings
{
    /// <summary>One line for each unknown word.</summary>
    internal static IReadOnlyList<string> Find(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var options = Options(command).SelectMany(option => option.Aliases.Prepend(option.Name)).ToList();
        var verbs = command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name).ToList();
        // Completion asks about incomplete lines.
        if (parsed.Tokens.Any(token => token.Type == TokenType.Directive)) return [];
        var unknown = parsed.UnmatchedTokens.Concat(OptionsTakenForArguments(parsed)).Distinct().ToLookup(token => token.StartsWith('-'));
        // A word after a misspelt option is most likely its value.
        return unknown[true].Any()
            ?
            [
                .. unknown[true]
                    .Select(token => $"There is no option '{token}' here.{NameSuggester.Suggestion(token.Split('=')[0], options)}"),
            ]
            :
            [
                .. unknown[false]
                    .Select(token =>
                        verbs.Count > 0
                            ? $"There is no verb '{token}'.{NameSuggester.Suggestion(token, verbs)}"
                            : $"'{token}' is one word too many."
                    ),
            ];
    }

    /// <summary>All errors of the arguments. Errors that follow from a misspelt word are left out.</summary>
    internal static IReadOnlyList<string> Problems(ParseResult parsed)
    {
        var misspelt = Find(parsed);
        var others = parsed
            .Errors.Select(error => error.Message)
            .Distinct()
            .Where(message => !parsed.UnmatchedTokens.Any(token => message.Contains($"'{token}'", StringComparison.Ordinal)));
        return misspelt.Count == 0
            ? [.. others]
            : [.. misspelt, .. others.Where(message => !message.StartsWith("Required", StringComparison.Ordinal))];
    }

    /// <summary>A verb with an argument would take a misspelt option as its value. After '--' every word is an argument.</summary>
    private static IEnumerable<string> OptionsTakenForArguments(ParseResult parsed) =>
        parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash)
            ? []
            : parsed
                .CommandResult.Children.OfType<ArgumentResult>()
                .SelectMany(result => result.Tokens)
                .Select(token => token.Value)
                .Where(value => value.Length > 1 && value[0] == '-' && !char.IsAsciiDigit(value[1]));

    private static IEnumerable<Option> Options(Command command)
    {
        var own = command.Options.Where(option => !option.Hidden);
        return command
            .Parents.OfType<Command>()
            .Aggregate(own, (all, parent) => all.Concat(Options(parent).Where(option => option.Recursive)));
    }
}
