using System.CommandLine;

namespace FreeMask.Cli.Verbs;

/// <summary>Arguments that several verbs share.</summary>
internal static class Arguments
{
    internal static Argument<string?> OptionalRun() => new("run") { Description = "The id of the run.", HelpName = "RUN", Arity = ArgumentArity.ZeroOrOne };

    internal static Argument<string> Run() => new("run") { Description = "The id of the run; 'freemask status' lists them.", HelpName = "RUN" };
}
