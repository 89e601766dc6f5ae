using Orleans.Storage;

namespace FreeMask.Grains;

/// <summary>The stored state of a grain: one record, or none.</summary>
[GenerateSerializer, Alias("freemask.Stored`1")]
internal sealed class Stored<T> where T : class
{
    /// <summary>The record; null before the first write.</summary>
    [Id(0)] public T? Value { get; set; }
}

/// <summary>
/// A grain's durable record. <see cref="Value"/> always equals a stored state: it changes only after a successful write. A write that is
/// reported as failed may have been applied, so the record is read again before the next transition.
/// </summary>
internal sealed class DurableRecord<T>(IPersistentState<Stored<T>> state) where T : class
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private T? _value;
    private bool _loaded, _stale;

    /// <summary>The record as last read or written; null where there is none.</summary>
    public T? Value => _loaded ? _value : state.State?.Value;

    /// <summary>Number of writes that found another version than expected: another writer, or a store that has lost writes.</summary>
    public int Conflicts { get; private set; }

    /// <summary>Reads the record from the storage even if a value is cached, since the storage may have lost writes.</summary>
    public Task ReadAgainAsync()
    {
        _stale = true;
        return RefreshAsync();
    }

    /// <summary>Reads the record if the last write failed.</summary>
    public async Task RefreshAsync()
    {
        if (!_stale) return;
        await _gate.WaitAsync();
        try
        {
            await ReloadAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Applies a transition and writes the result; does not write if the transition returns the same instance.</summary>
    /// <returns>The record afterwards.</returns>
    public async Task<T> UpdateAsync(Func<T?, T> transition)
    {
        await _gate.WaitAsync();
        try
        {
            return await RetryPolicies.ConflictingWrite.ExecuteInGrainAsync(() => WriteAsync(transition));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Removes the record; does nothing where there is none.</summary>
    public async Task RemoveAsync()
    {
        await _gate.WaitAsync();
        try
        {
            // The record is removed whatever its version is.
            _stale = true;
            await ReloadAsync();
            if (_value is null) return;
            _stale = true;
            await state.ClearStateAsync();
            (_value, _loaded, _stale) = (null, true, false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<T> WriteAsync(Func<T?, T> transition)
    {
        await ReloadAsync();
        var old = Value;
        var next = transition(old);
        if (ReferenceEquals(next, old)) return next;
        state.State = new Stored<T> { Value = next };
        (_value, _loaded, _stale) = (old, true, true);
        try
        {
            await state.WriteStateAsync();
        }
        catch (InconsistentStateException)
        {
            Conflicts++;
            throw;
        }

        (_value, _stale) = (next, false);
        return next;
    }

    private async Task ReloadAsync()
    {
        if (!_stale) return;
        await state.ReadStateAsync();
        (_value, _loaded, _stale) = (state.State?.Value, true, false);
    }
}
