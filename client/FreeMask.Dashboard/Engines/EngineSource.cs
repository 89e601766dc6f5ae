using System.Collections.Concurrent;
using FreeMask.Client.Runs;

namespace FreeMask.Dashboard.Engines;

/// <summary>An engine that somebody else opens, replaces and closes.</summary>
/// <param name="origin">What is shown, such as the data folder.</param>
/// <param name="current">The engine at the moment.</param>
internal sealed class EngineSource(string origin, Func<IEngine?> current) : IEngineSource
{
    private readonly ConcurrentDictionary<string, bool> _own = new(StringComparer.Ordinal);

    public IEngine? Current => current();

    public string? Problem => null;

    public string Origin => origin;

    public void NoteWork(string run) => _own[run] = true;

    public bool WorksOn(string run) => Current is { IsRemote: true } || _own.ContainsKey(run);
}
