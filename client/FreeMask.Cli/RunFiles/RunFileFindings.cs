using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.RunFiles;

/// <summary>
/// The findings of reading a run file: problems, and the position of each value, so that later checks can report it too.
/// </summary>
internal sealed class RunFileFindings
{
    private readonly List<RunFileProblem> _problems = [];
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<YamlNode, string> _origins = new(ReferenceEqualityComparer.Instance);

    /// <summary>The problems ordered by position; those of command-line settings are last.</summary>
    internal IReadOnlyList<RunFileProblem> Problems =>
        [.. _problems.OrderBy(problem => problem.Setting is not null).ThenBy(problem => problem.Line).ThenBy(problem => problem.Column)];

    internal void Add(Mark at, string message) => Add(new Place(at.Line, at.Column, null), message);

    internal void Add(YamlNode at, string message) => Add(Of(at), message);

    /// <summary>Records that a node comes from an argument.</summary>
    internal void FromSetting(YamlNode node, string origin)
    {
        foreach (var part in node.AllNodes) _origins[part] = origin;
    }

    /// <summary>Records the position of a key's value, such as <c>generation.steps</c> or <c>classes[2]</c>.</summary>
    internal void Note(string path, YamlNode node) => _places[path] = Of(node);

    /// <summary>Whether the file or a setting names a key.</summary>
    internal bool Names(string path) => _places.ContainsKey(path);

    /// <summary>Adds a problem at the value of a key, or at its section where the file does not name it.</summary>
    internal void Report(string path, string message) => Add(Find(path), message);

    /// <summary>Adds a problem of the specification at its key, unless there already is a problem at that position.</summary>
    internal void AddAt(string path, string message)
    {
        var place = Find(path);
        if (!_problems.Any(problem => new Place(problem.Line, problem.Column, problem.Setting) == place))
            Add(place, $"'{path}': {message}.");
    }

    private void Add(Place at, string message) => _problems.Add(new((int)at.Line, (int)at.Column, message, at.Setting));

    private Place Of(YamlNode node) => new(node.Start.Line, node.Start.Column, _origins.GetValueOrDefault(node));

    private Place Find(string path)
    {
        for (var part = path; part.Length > 0; part = part[..Math.Max(0, part.LastIndexOfAny(['.', '[']))])
            if (_places.TryGetValue(part, out var place)) return place;
        return new(1, 1, null);
    }

    private readonly record struct Place
    {
        internal Place(long line, long column, string? setting) =>
            (Line, Column, Setting) = (Math.Max(1, line), Math.Max(1, column), setting);

        internal long Line { get; }

        internal long Column { get; }

        internal string? Setting { get; }
    }
}
