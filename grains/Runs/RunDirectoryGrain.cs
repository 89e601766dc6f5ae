using System.Collections.Immutable;

namespace FreeMask.Grains.Runs;

/// <summary>The runs that were started, oldest first.</summary>
[GenerateSerializer, Immutable, Alias("freemask.RunDirectoryRecord")]
internal sealed record RunDirectoryRecord([property: Id(0)] ImmutableArray<string> Runs);

/// <summary>Stores the list of runs.</summary>
internal sealed class RunDirectoryGrain(
    [PersistentState("directory", StorageNames.Coordination)] IPersistentState<Stored<RunDirectoryRecord>> state
) : Grain, IRunDirectoryGrain
{
    private readonly DurableRecord<RunDirectoryRecord> _record = new(state);

    public Task Register(string run) => _record.UpdateAsync(r =>
        r is null ? new RunDirectoryRecord([run]) : r.Runs.Contains(run) ? r : new RunDirectoryRecord(r.Runs.Add(run)));

    public Task Unregister(string run) =>
        _record.UpdateAsync(r => r is null || !r.Runs.Contains(run) ? r! : new RunDirectoryRecord(r.Runs.Remove(run)));

    public async Task<bool> Exists()
    {
        await _record.RefreshAsync();
        return _record.Value is not null;
    }

    public async Task<string[]> List()
    {
        await _record.RefreshAsync();
        return _record.Value is { } record ? [.. record.Runs] : [];
    }
}
