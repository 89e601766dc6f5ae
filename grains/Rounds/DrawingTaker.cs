using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// Gives second uses what was made of their drawings. The drawings may belong to other shards, so their records are read. Every step is
/// idempotent: after a crash or a lost write the same drawing gives the same record.
/// </summary>
/// <param name="grains">Access to the samples and shards.</param>
/// <param name="stages">The order of the states.</param>
internal sealed class DrawingTaker(IGrainFactory grains, StageTable stages)
{
    private HashSet<int> _suspects = [];

    private SampleState Ready => stages.OfDrawings.Last().After;

    /// <summary>
    /// Has the second uses of a shard take their drawings. Those whose drawing is made again, after a retry or because the store lost its
    /// record, wait for the next call.
    /// </summary>
    /// <returns>Whether the store has lost the record of a drawing without its shard having noticed.</returns>
    public async Task<bool> TakeAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        var waiting = ledger.WithoutDrawing(ShardTarget.Of(desired)).ToList();
        if (waiting.Count == 0) return false;
        var taken = await Fanout.CallAsync(waiting, index => TakeAsync(desired, index));
        foreach (var record in taken)
            if (record is not null) ledger.Apply(SampleTransitions.ProgressOf(record));
        var suspects = await FindLostAsync(desired, [.. waiting.Where((_, i) => taken[i] is null)]);
        // One that is just being retried is in order at the next call.
        var isLost = suspects.Overlaps(_suspects);
        _suspects = suspects;
        return isLost;
    }

    private async Task<SampleRecord?> TakeAsync(ShardDesiredState desired, int index)
    {
        var plan = SamplePlanner.Plan(desired.Spec, desired.Round, index);
        var drawing = await RetryPolicies.ReadCall.ExecuteInGrainAsync(
            () => grains.GetSample(desired.Run, desired.Round, plan.Drawing!.Value).Get()
        );
        if (!IsReady(drawing)) return null;
        return await RetryPolicies.IdempotentWrite.ExecuteInGrainAsync(
            () => grains.GetSample(desired.Run, desired.Round, index).TakeDrawing(plan, drawing!)
        );
    }

    /// <summary>The drawings whose shard takes them for ready, although their stored record is not.</summary>
    private async Task<HashSet<int>> FindLostAsync(ShardDesiredState desired, IReadOnlyList<int> waiting)
    {
        var (size, lost) = (desired.Spec.Execution.ShardSize, new HashSet<int>());
        var drawings = waiting.Select(index => SamplePlanner.DrawingOf(desired.Spec, index)!.Value);
        foreach (var shard in drawings.GroupBy(drawing => drawing / size))
        {
            var first = shard.Key * size;
            var owner = desired with { First = first, Count = Math.Min(size, desired.Spec.SamplesPerRound - first) };
            if (await grains.GetShard(desired.Run, desired.Round, shard.Key).GetStates(owner, null) is not { } states) continue;
            foreach (var drawing in shard.Where(d => stages.HasReached((SampleState)states.States[d - first], Ready)))
                if (!IsReady(await grains.GetSample(desired.Run, desired.Round, drawing).Reload())) lost.Add(drawing);
        }

        return lost;
    }

    private bool IsReady(SampleRecord? drawing) => drawing is not null && stages.HasReached(drawing.State, Ready);
}
