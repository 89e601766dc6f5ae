using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>Reads the records of a shard's samples, which are authoritative.</summary>
/// <param name="grains">Access to the samples.</param>
internal sealed class ShardSampleReader(IGrainFactory grains)
{
    /// <summary>The records of samples in the order of the indices; a sample without one is as planned.</summary>
    public Task<List<SampleRecord>> ReadAsync(ShardDesiredState desired, IEnumerable<int> indices) =>
        Fanout.CallAsync(
            indices,
            async index => await GetAsync(desired, index) ?? SamplePlanner.Fresh(desired.Spec, desired.Round, index)
        );

    /// <summary>Reads the samples whose records may be ahead of a ledger, and applies them.</summary>
    public async Task CorrectAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        var known = await Fanout.CallAsync(ledger.InDoubt(ShardTarget.Of(desired)).ToList(), index => GetAsync(desired, index));
        foreach (var sample in known)
            if (sample is not null) ledger.Correct(SampleTransitions.ProgressOf(sample));
    }

    private Task<SampleRecord?> GetAsync(ShardDesiredState desired, int index) =>
        RetryPolicies.ReadCall.ExecuteInGrainAsync(() => grains.GetSample(desired.Run, desired.Round, index).Get());
}
