using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FreeMask.Grains.Artifacts;

/// <summary>
/// Mark and sweep: every record is read before anything is removed, and artifacts younger than the minimum age stay, because an artifact
/// is stored before the record that refers to it. While no run is active the minimum age can be zero.
/// </summary>
[KeepAlive]
internal sealed partial class ArtifactCollectorGrain(
    IArtifactStore artifacts,
    IOptions<CollectionOptions> options,
    TimeProvider time,
    ILogger<ArtifactCollectorGrain> logger
) : Grain, IArtifactCollectorGrain
{
    private const int Page = 1000;

    private readonly CancellationTokenSource _stopping = new();
    private CollectionReport _report = new();

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _stopping.CancelAsync();

    public Task Collect(TimeSpan? grace, bool countOnly)
    {
        if (_report.Running) return Task.CompletedTask;
        _report = new CollectionReport { Running = true };
        _ = RunAsync(grace, countOnly);
        return Task.CompletedTask;
    }

    public Task<CollectionReport> GetReport() => Task.FromResult(_report);

    // Never throws. Runs on the grain's scheduler, and the grain answers calls meanwhile.
    private async Task RunAsync(TimeSpan? grace, bool countOnly)
    {
        try
        {
            var named = new ReferencedArtifacts();
            // Artifacts stored from now on stay, even if a run becomes active.
            var now = time.GetUtcNow();
            var directory = GrainFactory.GetGrain<IRunDirectoryGrain>(0);
            var runs = await directory.List();
            var before = now - (grace ?? (await AreAtRestAsync(runs) ? TimeSpan.Zero : options.Value.MinimumAge));
            // If records are missing, every artifact would look unreferenced.
            if (await directory.Exists())
            {
                foreach (var run in runs) await MarkAsync(run, named);
                _report = _report with { Named = named.Count };
                await SweepAsync(named, before, countOnly);
            }
        }
        catch (Exception exception)
        {
            LogGivenUp(logger, exception);
            _report = _report with { Error = exception.Message };
        }

        _report = _report with { Running = false, EndedAt = time.GetUtcNow() };
        LogCollected(logger, _report.Removed, _report.Found, _report.RemovedBytes);
    }

    private async Task<bool> AreAtRestAsync(string[] runs)
    {
        foreach (var run in runs)
            if (
                await GrainFactory.GetGrain<IRunGrain>(run).GetStatus()
                is { State: RunState.Running }
                    or { State: not RunState.Completed, Idle: false }
            )
                return false;
        return true;
    }

    private async Task MarkAsync(string run, ReferencedArtifacts named)
    {
        var own = await GrainFactory.GetGrain<IRunGrain>(run).GetArtifacts();
        named.Add(own.Hashes);
        for (var round = 0; round < own.Rounds; round++)
        {
            var part = GrainFactory.GetRound(run, round);
            var hashes = await part.GetArtifacts();
            named.Add(hashes.Hashes);
            if (hashes.Donors is { } donors) named.Add(await ListsOfAsync(donors));
            for (int? from = 0; from is { } start;)
            {
                _stopping.Token.ThrowIfCancellationRequested();
                var page = await part.GetSamples(new SampleQuery { Round = round, From = start, Limit = Page });
                foreach (var sample in page.Samples) named.Add(sample.Artifacts.Select(a => a.Hash));
                from = page.Next;
            }
        }
    }

    private async Task<IEnumerable<string>> ListsOfAsync(string snapshot)
    {
        try
        {
            return await SampleLists.ReadSnapshotListsAsync(artifacts, snapshot, _stopping.Token);
        }
        catch (ArtifactLostException)
        {
            return [];
        }
    }

    private async Task SweepAsync(ReferencedArtifacts named, DateTimeOffset before, bool countOnly)
    {
        await foreach (var artifact in artifacts.ListAsync(_stopping.Token))
        {
            _report = _report with { Found = _report.Found + 1 };
            if (artifact.PutAt >= before || named.Contains(artifact.Hash)) continue;
            if (!countOnly && !await artifacts.DeleteAsync(artifact.Hash, before, _stopping.Token)) continue;
            _report = _report with { Removed = _report.Removed + 1, RemovedBytes = _report.RemovedBytes + artifact.Bytes };
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Removed} of {Found} artifacts ({Bytes} bytes) had no name any more and were removed"
    )]
    private static partial void LogCollected(ILogger logger, long removed, long found, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The collection of artifacts was given up; the next one tries again")]
    private static partial void LogGivenUp(ILogger logger, Exception exception);
}
