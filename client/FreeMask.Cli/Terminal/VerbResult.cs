using Spectre.Console;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// What a verb found: the document for <c>--json</c> and the same facts for a person. A verb returns one and prints nothing itself, so that
/// standard output holds exactly one document.
/// </summary>
/// <param name="Document">Serialised as JSON with <c>--json</c>.</param>
/// <param name="Show">Writes the same for a person.</param>
/// <param name="ExitCode">One of <see cref="ExitCodes"/>.</param>
internal sealed record VerbResult(object Document, Action<IAnsiConsole> Show, int ExitCode = ExitCodes.Ok);
