using System.Collections.Concurrent;
using FreeMask.Grains;
using FreeMask.Hosting.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.Storage;

namespace FreeMask.Silo.Tests.Fakes;

/// <summary>The fault of a write.</summary>
internal enum WriteOutcome
{
    /// <summary>It is applied.</summary>
    Applied,

    /// <summary>It fails and is not applied.</summary>
    FailsBefore,

    /// <summary>It is applied and reported failed.</summary>
    FailsAfter,

    /// <summary>It is reported as failed, and applied later: after the record was read again, just before its next write.</summary>
    Late,
}

/// <summary>Injects faults into writes, and is notified of applied writes.</summary>
internal sealed class StorageFaults
{
    /// <summary>Called before each write with the record's name, the grain's key and the number of the write.</summary>
    public Func<string, string, long, WriteOutcome> Decide { get; set; } = (_, _, _) => WriteOutcome.Applied;

    /// <summary>Called before each read; an exception fails it.</summary>
    public Action BeforeRead { get; set; } = () => { };

    /// <summary>Called after each applied write, whatever was reported.</summary>
    public Action<string, string, object?> Written { get; set; } = (_, _, _) => { };

    private long _writes;

    /// <summary>Writes so far.</summary>
    public long Writes => Interlocked.Read(ref _writes);

    /// <summary>Adds these faults to a silo's SQLite storages.</summary>
    public void Register(IServiceCollection services)
    {
        foreach (var name in new[] { StorageNames.Coordination, StorageNames.Samples })
            services.AddGrainStorage(
                name,
                (provider, storage) => new FaultyStorage(SqliteGrainStorageBuilder.Create(provider, storage), this)
            );
    }

    internal long Next() => Interlocked.Increment(ref _writes);
}

/// <summary>A storage with injected faults.</summary>
internal sealed class FaultyStorage(IGrainStorage inner, StorageFaults faults) : IGrainStorage
{
    private readonly ConcurrentDictionary<(string, GrainId), Func<Task>> _late = new();

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        faults.BeforeRead();
        return inner.ReadStateAsync(stateName, grainId, grainState);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_late.TryRemove((stateName, grainId), out var late)) await late();
        var outcome = faults.Decide(stateName, grainId.Key.ToString()!, faults.Next());
        // The caller's state keeps its old ETag, as after a lost answer.
        var written = outcome == WriteOutcome.Applied ? grainState : new GrainState<T>(grainState.State, grainState.ETag);
        switch (outcome)
        {
            case WriteOutcome.FailsBefore:
                throw new IOException("The write was refused by the test.");
            case WriteOutcome.Late:
                _late[(stateName, grainId)] = () => ApplyLateAsync(stateName, grainId, written);
                throw new IOException("The write was put off by the test.");
        }

        await ApplyAsync(stateName, grainId, written);
        if (outcome == WriteOutcome.FailsAfter) throw new IOException("The write was applied, and reported failed by the test.");
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ClearStateAsync(stateName, grainId, grainState);

    private async Task ApplyAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await inner.WriteStateAsync(stateName, grainId, grainState);
        faults.Written(stateName, grainId.Key.ToString()!, grainState.State);
    }

    private async Task ApplyLateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        try
        {
            await ApplyAsync(stateName, grainId, grainState);
        }
        catch (InconsistentStateException)
        {
            // Something else was written meanwhile: the store refuses the late write.
        }
    }
}
