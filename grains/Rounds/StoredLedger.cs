using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// The ledger of a shard with its stored form: read once per activation and corrected from the samples' records, which may be ahead of it,
/// and written from time to time.
/// </summary>
/// <param name="record">The stored form.</param>
/// <param name="stages">The order of the states.</param>
/// <param name="samples">Reads the samples' records.</param>
/// <param name="leases">Finds out what devices still have from a former activation.</param>
internal sealed class StoredLedger(
    DurableRecord<ShardRecord> record,
    StageTable stages,
    ShardSampleReader samples,
    LeaseKeeper leases)
{
    private Task<ShardLedger>? _loading;
    private int _savedChanges, _savedRevision;

    /// <summary>The ledger; null before it was read.</summary>
    public ShardLedger? Current { get; private set; }

    /// <summary>Whether the ledger is as it is stored.</summary>
    public bool IsSaved => Current is null || Current.Revision == _savedRevision;

    /// <summary>Results applied since the last write.</summary>
    public int UnsavedChanges => Current is null ? 0 : Current.Changes - _savedChanges;

    /// <summary>Whether it is known what devices still have from a former activation. Before, nothing may be assigned.</summary>
    public bool HasTakenOver { get; private set; }

    /// <summary>The ledger, or the one that is being read; null where no reading has begun.</summary>
    public Task<ShardLedger>? Begun => Current is { } ledger ? Task.FromResult(ledger) : _loading;

    /// <summary>Reads the ledger where that was not done yet; the first call of a new shard writes its first record.</summary>
    public async Task<ShardLedger> LoadAsync(ShardDesiredState desired)
    {
        if (Current is { } ledger) return ledger;
        _loading ??= ReadAsync(desired);
        try
        {
            return Current = await _loading;
        }
        catch
        {
            _loading = null;
            throw;
        }
    }

    /// <summary>
    /// Adopts what devices still have from a former activation, once every silo has said which devices it has: a silo that has just
    /// started does not know the devices of the others yet.
    /// </summary>
    /// <returns>Whether that is done; if not, it is to be tried again.</returns>
    public async Task<bool> TakeOverAsync(ShardDesiredState desired)
    {
        var ledger = await LoadAsync(desired);
        if (!HasTakenOver && leases.KnowsDevices) await CorrectAsync(ledger, desired);
        return HasTakenOver;
    }

    /// <summary>The ledger, read-only. For a shard that was never started it is the initial one, which is not stored.</summary>
    public async Task<ShardLedger> ViewAsync(ShardDesiredState desired)
    {
        if (Current is { } ledger) return ledger;
        await record.RefreshAsync();
        return record.Value is null ? new ShardLedger(stages, desired.First, desired.Count) : await LoadAsync(desired);
    }

    /// <summary>
    /// The ledger for an answer on which the round decides. During a membership change a second activation may have been active; samples
    /// that this ledger does not show at the target are read.
    /// </summary>
    /// <returns>The ledger; null if not every sample has reached the target.</returns>
    public async Task<ShardLedger?> SettledAsync(ShardDesiredState desired)
    {
        var ledger = await LoadAsync(desired);
        var target = ShardTarget.Of(desired);
        if (ledger.Settled(target) < ledger.Count) await samples.CorrectAsync(ledger, desired);
        return ledger.Settled(target) == ledger.Count ? ledger : null;
    }

    /// <summary>Writes the ledger.</summary>
    /// <returns>Whether the store had another version than this activation wrote last. While one activation is active nobody else writes:
    /// the store may have lost more writes.</returns>
    public async Task<bool> SaveAsync(ShardLedger ledger)
    {
        var (changes, revision, conflicts) = (ledger.Changes, ledger.Revision, record.Conflicts);
        await record.UpdateAsync(_ => ledger.ToRecord());
        (_savedChanges, _savedRevision) = (changes, revision);
        return record.Conflicts > conflicts;
    }

    /// <summary>Forgets the ledger; what is stored stays.</summary>
    public void Forget() => (Current, _loading, HasTakenOver) = (null, null, false);

    /// <summary>Removes the stored form.</summary>
    public Task RemoveAsync() => record.RemoveAsync();

    private async Task<ShardLedger> ReadAsync(ShardDesiredState desired)
    {
        await record.RefreshAsync();
        if (record.Value is not { } stored)
        {
            // The first record marks the shard as started: from then on samples may be ahead of it.
            var fresh = new ShardLedger(stages, desired.First, desired.Count);
            await record.UpdateAsync(_ => fresh.ToRecord());
            HasTakenOver = true;
            return fresh;
        }

        var ledger = new ShardLedger(stages, desired.First, stored);
        await CorrectAsync(ledger, desired);
        // What was just read need not be written.
        (_savedChanges, _savedRevision) = (ledger.Changes, ledger.Revision);
        return ledger;
    }

    private async Task CorrectAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        // Devices are asked before samples are read: what a device does not have any more is in the records, and what it has is
        // reported to this activation.
        var leased = leases.KnowsDevices ? await leases.GetLeasedAsync() : null;
        await samples.CorrectAsync(ledger, desired);
        if (leased is null) return;
        leases.Adopt(ledger, leased);
        HasTakenOver = true;
    }
}
