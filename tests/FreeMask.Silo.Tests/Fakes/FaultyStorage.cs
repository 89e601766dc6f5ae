using Orleans.Storage;

namespace FreeMask.Silo.Tests.Fakes;

/// <summary>What happens to a write.</summary>
internal enum WriteFate
{
    /// <summary>It is applied.</summary>
    Applied,

    /// <summary>It fails and is not applied.</summary>
    FailsBefore,

    /// <summary>It is applied and reported failed.</summary>
    FailsAfter,
}

/// <summary>Decides the fate of writes, and hears of those that were applied.</summary>
internal sealed class StorageFaults
{
    /// <summary>Called before each write with the record's name, the grain's key and a number that grows with every write.</summary>
    public Func<string, string, long, WriteFate> Decide { get; set; } = (_, _, _) => WriteFate.Applied;

    /// <summary>Called after each write that was applied and reported so.</summary>
    public Action<string, string, object?> Written { get; set; } = (_, _, _) => { };

    private long _writes;

    /// <summary>Writes so far.</summary>
    public long Writes => Interlocked.Read(ref _writes);

    internal long Next() => Interlocked.Increment(ref _writes);
}

/// <summary>A storage that fails as it is told.</summary>
internal sealed class FaultyStorage(IGrainStorage inner, StorageFaults faults) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ReadStateAsync(stateName, grainId, grainState);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var fate = faults.Decide(stateName, grainId.Key.ToString()!, faults.Next());
        if (fate == WriteFate.FailsBefore) throw new IOException("The write was refused by the test.");
        if (fate == WriteFate.FailsAfter)
        {
            // The caller's state keeps its old ETag, as after a lost answer.
            var etag = grainState.ETag;
            await inner.WriteStateAsync(stateName, grainId, grainState);
            grainState.ETag = etag;
            throw new IOException("The write was applied, and reported failed by the test.");
        }

        await inner.WriteStateAsync(stateName, grainId, grainState);
        faults.Written(stateName, grainId.Key.ToString()!, grainState.State);
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ClearStateAsync(stateName, grainId, grainState);
}
