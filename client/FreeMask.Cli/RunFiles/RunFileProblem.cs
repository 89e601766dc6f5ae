namespace FreeMask.Cli.RunFiles;

/// <summary>One thing that is wrong in a run file, where it stands and what to do about it.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Message">What is wrong, and the remedy.</param>
/// <param name="Setting">The argument that set the value, where it does not stand in the file; null where it does.</param>
internal sealed record RunFileProblem(int Line, int Column, string Message, string? Setting = null);
