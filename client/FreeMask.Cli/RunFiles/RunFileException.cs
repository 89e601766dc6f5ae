namespace FreeMask.Cli.RunFiles;

/// <summary>A run file that cannot be run, with all its problems in the order of their lines.</summary>
internal sealed class RunFileException(string path, IReadOnlyList<RunFileProblem> problems) : FreeMaskException(Describe(path, problems))
{
    internal IReadOnlyList<RunFileProblem> Problems { get; } = problems;

    /// <summary>One line a problem, in the form that editors know how to jump to.</summary>
    private static string Describe(string path, IReadOnlyList<RunFileProblem> problems) =>
        string.Join('\n', problems.Select(problem => problem.Setting is { } setting ? $"{setting}: {problem.Message}" : $"{path}:{problem.Line}:{problem.Column}: {problem.Message}"));
}
