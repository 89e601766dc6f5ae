using FreeMask.Pipeline;
using Xunit;

namespace FreeMask.Silo.Tests.Pipeline;

public sealed class ModelCacheTests
{
    [Fact]
    public async Task A_key_that_many_ask_for_at_once_is_opened_once()
    {
        using var cache = new ModelCache<string, Model>(1);
        var (opened, gate) = (0, new TaskCompletionSource());
        var users = Enumerable.Range(0, 8).Select(_ => cache.AcquireAsync("a", async () =>
        {
            Interlocked.Increment(ref opened);
            await gate.Task;
            return new Model();
        })).ToArray();
        gate.SetResult();
        var leases = await Task.WhenAll(users);
        Assert.Equal(1, opened);
        Assert.Single(leases.Select(l => l.Model).Distinct());
        foreach (var lease in leases) lease.Dispose();
        Assert.False(leases[0].Model.IsClosed);
    }

    [Fact]
    public async Task What_is_in_use_is_not_closed_whatever_else_is_opened()
    {
        using var cache = new ModelCache<int, Model>(2);
        var used = await Open(cache, 0);
        for (var key = 1; key < 6; key++) (await Open(cache, key)).Dispose();
        Assert.False(used.Model.IsClosed);
        Assert.Same(used.Model, (await Open(cache, 0)).Model);
    }

    [Fact]
    public async Task The_least_recently_used_is_closed_first()
    {
        using var cache = new ModelCache<int, Model>(2);
        var (first, second) = (await Open(cache, 1), await Open(cache, 2));
        first.Dispose();
        second.Dispose();
        (await Open(cache, 1)).Dispose();
        (await Open(cache, 3)).Dispose();
        Assert.False(first.Model.IsClosed);
        Assert.True(second.Model.IsClosed);
    }

    [Fact]
    public async Task A_failure_reaches_all_who_wait_and_the_next_tries_again()
    {
        using var cache = new ModelCache<string, Model>(1);
        var gate = new TaskCompletionSource<Model>();
        var (first, second) = (cache.AcquireAsync("a", () => gate.Task), cache.AcquireAsync("a", () => gate.Task));
        gate.SetException(new InvalidDataException("damaged"));
        await Assert.ThrowsAsync<InvalidDataException>(() => first);
        await Assert.ThrowsAsync<InvalidDataException>(() => second);
        using var third = await cache.AcquireAsync("a", () => Task.FromResult(new Model()));
        Assert.False(third.Model.IsClosed);
    }

    [Fact]
    public async Task Closing_waits_for_the_last_user()
    {
        var cache = new ModelCache<int, Model>(2);
        var (idle, used) = (await Open(cache, 1), await Open(cache, 2));
        idle.Dispose();
        cache.Dispose();
        Assert.True(idle.Model.IsClosed);
        Assert.False(used.Model.IsClosed);
        used.Dispose();
        Assert.True(used.Model.IsClosed);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Open(cache, 3));
    }

    [Fact]
    public async Task Many_users_at_once_never_meet_a_closed_model()
    {
        using var cache = new ModelCache<int, Model>(2);
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            using var lease = await Open(cache, i * 7 % 5);
            await Task.Yield();
            Assert.False(lease.Model.IsClosed);
        });
    }

    private static Task<ModelCache<int, Model>.Lease> Open(ModelCache<int, Model> cache, int key) =>
        cache.AcquireAsync(key, () => Task.FromResult(new Model()));

    private sealed class Model : IDisposable
    {
        public bool IsClosed { get; private set; }

        public void Dispose() => IsClosed = true;
    }
}
