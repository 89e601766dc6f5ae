using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Vision;

namespace FreeMask.Cli.Verbs;

/// <summary>Arguments that several verbs share, and their checks.</summary>
internal static class Arguments
{
    internal static Argument<string?> OptionalRun() =>
        new("run")
        {
            Description = "The id of the run.",
            HelpName = "RUN",
            Arity = ArgumentArity.ZeroOrOne,
            CompletionSources = { Runs },
        };

    /// <summary>The folder of the art of the mini bundle.</summary>
    internal static Option<string> Art() =>
        new("--art")
        {
            Description = "The folder that infra/art/fetch.sh filled.",
            DefaultValueFactory = _ => "art",
            HelpName = "DIR",
        };

    /// <summary>The seed of what a verb draws at random; 1 unless given.</summary>
    /// <param name="description">What is drawn.</param>
    internal static Option<ulong> Seed(string description) =>
        new("--seed")
        {
            Description = description,
            DefaultValueFactory = _ => 1,
            HelpName = "N",
        };

    internal static Argument<string> Run() =>
        new("run")
        {
            Description = "The id of the run; 'freemask status' lists them.",
            HelpName = "RUN",
            CompletionSources = { Runs },
        };

    internal static Option<string?> Labels() =>
        new("--labels")
        {
            Description = $"The label set: {string.Join(", ", LabelSet.BuiltIn)}, or a file.",
            HelpName = "NAME|FILE",
        };

    /// <summary>The label set that ships under a name, or that of a file; null where nothing is named.</summary>
    /// <exception cref="FreeMaskException">There is neither.</exception>
    internal static LabelSet? LabelsOf(string? named) =>
        named is null ? null
        : LabelSet.BuiltIn.Contains(named) ? LabelSet.Named(named)
        : LabelSetFile.Read(named);

    /// <summary>Completes ids of runs in the data folder, without starting an engine.</summary>
    private static IEnumerable<CompletionItem> Runs(CompletionContext context)
    {
        var named = context.ParseResult.CommandResult.GetValue<string?>("--data");
        return RunFolder.All(DataFolder.Resolve(named, Environment.GetEnvironmentVariable)).Select(run => new CompletionItem(run));
    }

    /// <summary>Refuses numbers outside a range before the work begins.</summary>
    internal static Option<T> Within<T>(this Option<T> option, double low, double high = double.PositiveInfinity)
    {
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (Number(token.Value) is { } number && !(number >= low && number <= high))
                    result.AddError(
                        $"{option.Name} is {token.Value}; it must be {(double.IsPositiveInfinity(high) ? "" : "from ")}{Text(low)} "
                            + $"{(double.IsPositiveInfinity(high) ? "or more" : $"to {Text(high)}")}."
                    );
        });
        return option;
    }

    /// <summary>Refuses 0, negative numbers and numbers above 1.</summary>
    internal static Option<T> Share<T>(this Option<T> option)
    {
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (Number(token.Value) is { } number && number is not (> 0 and <= 1))
                    result.AddError($"{option.Name} is {token.Value}; it must be more than 0 and at most 1.");
        });
        return option;
    }

    /// <summary>Refuses an option that would have no effect.</summary>
    /// <exception cref="FreeMaskException">The option was given.</exception>
    internal static void Refuse(ParseResult parsed, Option option, string why)
    {
        if (parsed.GetResult(option) is { Implicit: false }) throw new FreeMaskException($"{option.Name} {why}.");
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
