namespace FreeMask.Cli.RunFiles;

/// <summary>A problem of a run file, with its position and remedy.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Message">What is wrong, and the remedy.</param>
/// <param name="Setting">The argument that set the value; null if it comes from the file.</param>
internal sealed record RunFileProblem(int Line, int Column, string Message, string? Setting = null);
