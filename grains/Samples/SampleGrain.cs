using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Samples;

/// <summary>
/// Keeps a sample's record; <see cref="SampleTransitions"/> decides. A large run has more samples than fit into memory, so one that nobody
/// called for a while leaves it; at once would be too soon, because lists are made of samples right after they were decided.
/// </summary>
[CollectionAgeLimit(Minutes = 2)]
internal sealed class SampleGrain([PersistentState("sample", StorageNames.Samples)] IPersistentState<Stored<SampleRecord>> state, StageTable stages) : Grain, ISampleGrain
{
    private readonly DurableRecord<SampleRecord> _record = new(state);

    public async Task<SampleRecord?> Get()
    {
        await _record.RefreshAsync();
        return _record.Value;
    }

    public async Task<SampleRecord?> Reload()
    {
        await _record.ReadAgainAsync();
        return _record.Value;
    }

    public Task<SampleRecord> Complete(StageCompletion completion)
    {
        var (_, round, index) = GrainKeys.Parse(this.GetPrimaryKeyString());
        return _record.UpdateAsync(record => SampleTransitions.Apply(stages, record ?? SampleTransitions.Fresh(round, index, completion.Plan), completion));
    }

    public async Task<SampleRecord?> Decide(bool kept)
    {
        await _record.RefreshAsync();
        // A record that the store has lost cannot be decided on; the shard sees to it that the sample is made again.
        return _record.Value is null ? null : await _record.UpdateAsync(record => record is null ? record! : SampleTransitions.Decide(record, kept));
    }

    public async Task Remove()
    {
        await _record.RemoveAsync();
        DeactivateOnIdle();
    }

    public Task<SampleRecord> Retry() => _record.UpdateAsync(record => SampleTransitions.Retry(Existing(record)));

    private SampleRecord Existing(SampleRecord? record) =>
        record ?? throw new InvalidOperationException($"Sample {this.GetPrimaryKeyString()} has no record.");
}
