using Spectre.Console;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// The result of a verb: the document for <c>--json</c> and the same facts as text. A verb returns one and prints nothing itself, so that
/// standard output holds exactly one document.
/// </summary>
/// <param name="Document">Serialized with <c>--json</c>.</param>
/// <param name="Show">Writes the text form.</param>
/// <param name="ExitCode">One of <see cref="ExitCodes"/>.</param>
internal sealed record VerbResult(object Document, Action<IAnsiConsole> Show, int ExitCode = ExitCodes.Ok);
