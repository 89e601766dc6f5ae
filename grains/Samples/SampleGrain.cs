using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Samples;

/// <summary>Keeps a sample's record; <see cref="SampleTransitions"/> decides.</summary>
internal sealed class SampleGrain([PersistentState("sample", StorageNames.Samples)] IPersistentState<Stored<SampleRecord>> state) : Grain, ISampleGrain
{
    private readonly DurableRecord<SampleRecord> _record = new(state);

    public async Task<SampleRecord?> Get()
    {
        await _record.RefreshAsync();
        // Whoever lists the samples of a large run must not leave all of them in memory.
        if (_record.Value is { } record && StageFlow.IsFinal(record.Stage)) DeactivateOnIdle();
        return _record.Value;
    }

    public Task<SampleProgress> Complete(StageCompletion completion)
    {
        var (_, round, index) = GrainKeys.Parse(this.GetPrimaryKeyString());
        return ChangeAsync(record => SampleTransitions.Apply(record ?? SampleTransitions.Fresh(round, index, completion.Plan), completion));
    }

    public Task<SampleProgress> Decide(bool kept) => ChangeAsync(record => SampleTransitions.Decide(Existing(record), kept));

    public Task<SampleProgress> Retry() => ChangeAsync(record => SampleTransitions.Retry(Existing(record)));

    private async Task<SampleProgress> ChangeAsync(Func<SampleRecord?, SampleRecord> transition)
    {
        var record = await _record.UpdateAsync(transition);
        if (StageFlow.IsFinal(record.Stage)) DeactivateOnIdle();
        return SampleTransitions.ProgressOf(record);
    }

    private SampleRecord Existing(SampleRecord? record) =>
        record ?? throw new InvalidOperationException($"Sample {this.GetPrimaryKeyString()} has no record.");
}
