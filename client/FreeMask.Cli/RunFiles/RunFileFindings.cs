using YamlDotNet.Core;

namespace FreeMask.Cli.RunFiles;

/// <summary>What the reading of a run file found: problems, and where each key stands, so that later checks can point at it too.</summary>
internal sealed class RunFileFindings
{
    private readonly List<RunFileProblem> _problems = [];
    private readonly Dictionary<string, Mark> _places = new(StringComparer.Ordinal);

    /// <summary>The problems in the order of their places.</summary>
    internal IReadOnlyList<RunFileProblem> Problems => [.. _problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)];

    internal void Add(Mark at, string message) => _problems.Add(new(Math.Max(1, (int)at.Line), Math.Max(1, (int)at.Column), message));

    /// <summary>Notes where the value of a key such as <c>generation.steps</c> or <c>classes[2]</c> stands.</summary>
    internal void Place(string path, Mark mark) => _places[path] = mark;

    /// <summary>Adds a problem found in the specification, at the key that it names, unless the reading has complained about that place already.</summary>
    internal void AddAt(string path, string message)
    {
        var mark = Find(path);
        if (_problems.Any(problem => problem.Line == Math.Max(1, (int)mark.Line) && problem.Column == Math.Max(1, (int)mark.Column))) return;
        Add(mark, $"'{path}': {message}.");
    }

    private Mark Find(string path)
    {
        for (var part = path; part.Length > 0; part = part[..Math.Max(0, part.LastIndexOfAny(['.', '[']))])
            if (_places.TryGetValue(part, out var mark)) return mark;
        return Mark.Empty;
    }
}
