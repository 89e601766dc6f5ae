using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Domain;
using FreeMask.Silo.Tests.Cluster;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Xunit;

namespace FreeMask.Silo.Tests.Storage;

/// <summary>
/// The properties of grain storage that the grains need, for every configurable store: atomic records, and of two concurrent writers
/// exactly one succeeds.
/// </summary>
public sealed class GrainStorageTests(LocalServices services) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Stores => ["Sqlite", "Redis", "PostgreSql", "AzureTable", "AzureBlob"];

    private static GrainId Id => GrainId.Create("sample", $"run/{Guid.NewGuid():N}/0/1");

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Stores))]
    public async Task Records_are_kept_and_of_several_writers_one_succeeds(string store)
    {
        await using var silo = await OpenAsync(store);
        var storage = silo.Services.GetRequiredKeyedService<IGrainStorage>(StorageNames.Samples);
        await A_record_is_read_as_it_was_written(storage);
        await A_stale_writer_is_refused_and_changes_nothing(storage);
        await Of_many_first_writers_one_succeeds(storage);
        await A_cleared_record_is_gone_and_can_be_written_again(storage);
    }

    [Theory, InlineData("AzureTable"), InlineData("AzureBlob")]
    public async Task Services_of_one_Azure_account_do_not_share_records(string store)
    {
        var id = Id;
        await using (var first = await OpenAsync(store))
        {
            var storage = first.Services.GetRequiredKeyedService<IGrainStorage>(StorageNames.Samples);
            await WriteAsync(storage, id, await ReadAsync(storage, id), 1);
        }

        await using var second = await OpenAsync(store);
        Assert.False((await ReadAsync(second.Services.GetRequiredKeyedService<IGrainStorage>(StorageNames.Samples), id)).RecordExists);
    }

    private static async Task A_record_is_read_as_it_was_written(IGrainStorage storage)
    {
        var id = Id;
        var absent = await ReadAsync(storage, id);
        Assert.False(absent.RecordExists);
        Assert.Null(absent.State?.Value);
        await WriteAsync(storage, id, absent, 3);
        Assert.True(absent.RecordExists);
        var read = await ReadAsync(storage, id);
        var record = Record(read);
        Assert.Equal((absent.ETag, 3, "a cat"), (read.ETag, record.Attempt, record.Plan.Prompt));
        Assert.Equal(new ArtifactReference("image", new string('a', 64), "cpu"), record.Artifacts[0]);
        Assert.Null((await ReadAsync(storage, Id)).State?.Value);
    }

    private static async Task A_stale_writer_is_refused_and_changes_nothing(IGrainStorage storage)
    {
        var id = Id;
        var first = await ReadAsync(storage, id);
        await WriteAsync(storage, id, first, 1);
        var stale = await ReadAsync(storage, id);
        await WriteAsync(storage, id, first, 2);
        await Assert.ThrowsAnyAsync<InconsistentStateException>(() => WriteAsync(storage, id, stale, 9));
        Assert.Equal(2, Record(await ReadAsync(storage, id)).Attempt);
        await WriteAsync(storage, id, first, 3);
    }

    private static async Task Of_many_first_writers_one_succeeds(IGrainStorage storage)
    {
        var id = Id;
        var states = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => ReadAsync(storage, id)));
        var won = await Task.WhenAll(states.Select((state, i) => Task.Run(async () =>
        {
            try
            {
                await WriteAsync(storage, id, state, i);
                return i;
            }
            catch (InconsistentStateException)
            {
                return -1;
            }
        })));
        Assert.Equal(Record(await ReadAsync(storage, id)).Attempt, Assert.Single(won, i => i >= 0));
    }

    private static async Task A_cleared_record_is_gone_and_can_be_written_again(IGrainStorage storage)
    {
        var id = Id;
        var state = await ReadAsync(storage, id);
        await WriteAsync(storage, id, state, 1);
        await storage.ClearStateAsync("sample", id, state);
        var cleared = await ReadAsync(storage, id);
        Assert.Null(cleared.State?.Value);
        await WriteAsync(storage, id, cleared, 2);
        Assert.Equal(2, Record(await ReadAsync(storage, id)).Attempt);
    }

    private static SampleRecord Record(GrainState<Stored<SampleRecord>> state) => Assert.IsType<SampleRecord>(state.State?.Value);

    private static async Task<GrainState<Stored<SampleRecord>>> ReadAsync(IGrainStorage storage, GrainId id)
    {
        var state = new GrainState<Stored<SampleRecord>>(new Stored<SampleRecord>());
        await storage.ReadStateAsync("sample", id, state);
        return state;
    }

    private static Task WriteAsync(IGrainStorage storage, GrainId id, GrainState<Stored<SampleRecord>> state, int attempt)
    {
        var plan = new SamplePlan(7, "cat", 8, "grass", "a cat", "", 1);
        var record = SampleTransitions.Fresh(0, 1, plan) with
        {
            Attempt = attempt,
            Artifacts = [new ArtifactReference("image", new string('a', 64), "cpu")],
        };
        state.State = new Stored<SampleRecord> { Value = record };
        return storage.WriteStateAsync("sample", id, state);
    }

    /// <summary>A silo on the store, because stores open with their silo.</summary>
    private async Task<Opened> OpenAsync(string store)
    {
        if (store == "Sqlite")
        {
            var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
            return new Opened(silo.Services, silo);
        }

        var onStore = await SiloOnStore.OpenAsync(services, Enum.Parse<Provider>(store), $"storage-{Guid.NewGuid():N}", _folder.Path);
        return new Opened(onStore.Services, onStore);
    }

    private sealed record Opened(IServiceProvider Services, IAsyncDisposable Owner) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Owner.DisposeAsync();
    }
}
