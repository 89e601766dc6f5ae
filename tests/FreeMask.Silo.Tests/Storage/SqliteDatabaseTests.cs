using FreeMask.Hosting.Storage;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Storage;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Records_outlive_the_database_that_wrote_them()
    {
        await using (var first = Open())
        {
            Assert.Equal((0, null), first.Read("sample", "a"));
            Assert.Equal(new WriteResult(true, 1), await first.WriteAsync("sample", "a", 0, [1]));
            Assert.Equal(new WriteResult(true, 2), await first.WriteAsync("sample", "a", 1, [2]));
            await first.WriteAsync("run", "a", 0, [9]);
        }

        await using var second = Open();
        Assert.Equal("2: 02", Show(second.Read("sample", "a")));
        Assert.Equal("1: 09", Show(second.Read("run", "a")));
    }

    [Fact]
    public async Task A_write_with_an_old_version_is_refused_and_says_the_current_one()
    {
        await using var database = Open();
        await database.WriteAsync("sample", "a", 0, [1]);
        await database.WriteAsync("sample", "a", 1, [2]);
        Assert.Equal(new WriteResult(false, 2), await database.WriteAsync("sample", "a", 1, [3]));
        Assert.Equal(new WriteResult(false, 2), await database.WriteAsync("sample", "a", 0, [3]));
        Assert.Equal(new WriteResult(false, 2), await database.WriteAsync("sample", "a", 1, null));
        Assert.Equal("2: 02", Show(database.Read("sample", "a")));
        Assert.Equal(new WriteResult(true, 0), await database.WriteAsync("sample", "a", 2, null));
        Assert.Equal((0, null), database.Read("sample", "a"));
        Assert.Equal(new WriteResult(true, 1), await database.WriteAsync("sample", "a", 0, [4]));
    }

    [Fact]
    public async Task Of_many_writers_with_one_version_one_wins()
    {
        await using var database = Open();
        var results = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(i => Task.Run(() => database.WriteAsync("sample", "a", 0, [(byte)i])))
        );
        Assert.Single(results, r => r.Applied);
        var keys = await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => database.WriteAsync("sample", $"k{i}", 0, [(byte)i])));
        Assert.All(keys, r => Assert.True(r.Applied));
        for (var i = 0; i < 2000; i++) Assert.Equal((byte)i, database.Read("sample", $"k{i}").Payload![0]);
    }

    [Fact]
    public async Task A_closed_database_takes_nothing()
    {
        var database = Open();
        await database.DisposeAsync();
        await database.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.WriteAsync("sample", "a", 0, [1]));
    }

    [Fact]
    public void A_file_that_is_no_database_is_named()
    {
        var path = Path.Combine(_folder.Path, "state.db");
        File.WriteAllText(path, new string('x', 5000));
        Assert.Contains(path, Assert.Throws<FreeMaskException>(Open).Message, StringComparison.Ordinal);
    }

    private static string Show((long Version, byte[]? Payload) record) => $"{record.Version}: {Convert.ToHexString(record.Payload!)}";

    private SqliteDatabase Open() => new(new SqliteStorageOptions { Path = Path.Combine(_folder.Path, "state.db") });
}
