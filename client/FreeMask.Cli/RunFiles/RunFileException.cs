namespace FreeMask.Cli.RunFiles;

/// <summary>A run file is not valid. Contains all problems, ordered by position.</summary>
internal sealed class RunFileException(string path, IReadOnlyList<RunFileProblem> problems) : FreeMaskException(Describe(path, problems))
{
    internal IReadOnlyList<RunFileProblem> Problems { get; } = problems;

    /// <summary>One line for each problem, in a form that editors recognize as a link.</summary>
    private static string Describe(string path, IReadOnlyList<RunFileProblem> problems) =>
        string.Join(
            '\n',
            problems.Select(problem =>
                problem.Setting is { } setting
                    ? $"{setting}: {problem.Message}"
                    : $"{path}:{problem.Line}:{problem.Column}: {problem.Message}"
            )
        );
}
