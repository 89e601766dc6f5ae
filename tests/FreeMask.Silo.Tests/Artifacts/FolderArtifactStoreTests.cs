using System.Text;
using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Artifacts;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Artifacts;

public sealed class FolderArtifactStoreTests : IDisposable
{
    // printf 'hello' | sha256sum
    private const string HelloHash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    private static readonly byte[] Hello = Encoding.ASCII.GetBytes("hello");

    private readonly TemporaryFolder _folder = new();
    private readonly FolderArtifactStore _store;

    public FolderArtifactStoreTests() => _store = new FolderArtifactStore(_folder.Path, TimeProvider.System);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Bytes_are_found_by_their_hash_however_often_they_are_put()
    {
        Assert.False(await _store.ExistsAsync(HelloHash, Token));
        Assert.Equal(HelloHash, await _store.PutAsync(Hello, Token));
        Assert.Equal(HelloHash, await _store.PutAsync(Hello, Token));
        Assert.True(await _store.ExistsAsync(HelloHash, Token));
        Assert.Equal(Hello, (await _store.GetAsync(HelloHash, Token)).ToArray());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_folder.Path, "incoming")));
    }

    [Fact]
    public async Task Writers_of_the_same_bytes_do_not_disturb_each_other()
    {
        var bytes = new byte[100_000];
        var hashes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => _store.PutAsync(bytes, Token))));
        Assert.Equal(bytes, (await _store.GetAsync(Assert.Single(hashes.Distinct()), Token)).ToArray());
    }

    [Fact]
    public async Task A_damaged_file_is_lost_and_can_be_put_again()
    {
        await _store.PutAsync(Hello, Token);
        await File.WriteAllTextAsync(_store.PathOf(HelloHash), "hallo", Token);
        var lost = await Assert.ThrowsAsync<ArtifactLostException>(() => _store.GetAsync(HelloHash, Token));
        Assert.Equal(HelloHash, lost.Hash);
        await _store.PutAsync(Hello, Token);
        Assert.Equal(Hello, (await _store.GetAsync(HelloHash, Token)).ToArray());
    }

    [Theory]
    [InlineData("he")]
    [InlineData("hellp")]
    public async Task A_file_cut_short_or_changed_is_replaced_when_it_is_put_again(string found)
    {
        await _store.PutAsync(Hello, Token);
        await File.WriteAllTextAsync(_store.PathOf(HelloHash), found, Token);
        await _store.PutAsync(Hello, Token);
        Assert.Equal(Hello, (await _store.GetAsync(HelloHash, Token)).ToArray());
    }

    [Fact]
    public async Task What_is_not_there_is_lost_and_what_is_no_hash_reaches_no_file()
    {
        await Assert.ThrowsAsync<ArtifactLostException>(() => _store.GetAsync(HelloHash, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => _store.GetAsync("../../etc/passwd", Token));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named()
    {
        var file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "");
        Assert.Contains(
            file,
            Assert.Throws<FreeMaskException>(() => new FolderArtifactStore(Path.Combine(file, "artifacts"), TimeProvider.System)).Message,
            StringComparison.Ordinal
        );
    }
}
