using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Samples;

/// <summary>
/// Stores a sample's record; <see cref="SampleTransitions"/> contains the logic. A large run has more samples than fit into memory, so an
/// idle sample is deactivated after a while; not at once, because lists read the samples right after selection.
/// </summary>
[CollectionAgeLimit(Minutes = 2)]
internal sealed class SampleGrain(
    [PersistentState("sample", StorageNames.Samples)] IPersistentState<Stored<SampleRecord>> state,
    StageTable stages
) : Grain, ISampleGrain
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
        return _record.UpdateAsync(record =>
            SampleTransitions.Apply(stages, record ?? SampleTransitions.Fresh(round, index, completion.Plan), completion)
        );
    }

    public Task<SampleRecord> TakeDrawing(SamplePlan plan, SampleRecord drawing)
    {
        var (_, round, index) = GrainKeys.Parse(this.GetPrimaryKeyString());
        return _record.UpdateAsync(record =>
            SampleTransitions.TakeDrawing(stages, record ?? SampleTransitions.Fresh(round, index, plan), drawing)
        );
    }

    public async Task<SampleRecord?> Decide(bool kept)
    {
        await _record.RefreshAsync();
        // Without a record there is nothing to decide on; the shard finds the loss and has the sample made again.
        return _record.Value is null
            ? null
            : await _record.UpdateAsync(record => record is null ? record! : SampleTransitions.Decide(record, kept));
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
