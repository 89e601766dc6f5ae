using System.Text;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Artifacts;
using FreeMask.Hosting.Configuration;
using FreeMask.Silo.Tests.Services;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FreeMask.Silo.Tests.Artifacts;

/// <summary>The guarantees of the artifact store, for blobs in Azurite.</summary>
public sealed class BlobArtifactStoreTests(LocalServices services)
{
    // printf 'hello' | sha256sum
    private const string HelloHash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    private static readonly byte[] Hello = Encoding.ASCII.GetBytes("hello");

    private readonly string _container = $"test-{Guid.NewGuid():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_are_found_by_their_hash_however_often_they_are_put()
    {
        var store = Open(("ConnectionString", await services.AzuriteAsync()), ("Container", _container));
        Assert.Equal(HelloHash, await store.PutAsync(Hello, Token));
        Assert.Equal(HelloHash, await store.PutAsync(Hello, Token));
        Assert.True(await store.ExistsAsync(HelloHash, Token));
        Assert.Equal(Hello, (await store.GetAsync(HelloHash, Token)).ToArray());
    }

    [Fact]
    public async Task Writers_of_the_same_bytes_do_not_disturb_each_other()
    {
        var store = Open(("ConnectionString", await services.AzuriteAsync()), ("Container", _container));
        var bytes = new byte[100_000];
        var hashes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => store.PutAsync(bytes, Token))));
        Assert.Equal(bytes, (await store.GetAsync(Assert.Single(hashes.Distinct()), Token)).ToArray());
    }

    [Theory]
    [InlineData("hallo")]
    [InlineData("he")]
    public async Task A_damaged_blob_is_lost_and_can_be_put_again(string damage)
    {
        var connection = await services.AzuriteAsync();
        var store = Open(("ConnectionString", connection), ("Container", _container));
        await store.PutAsync(Hello, Token);
        var blob = new BlobClient(connection, _container, $"{HelloHash[..2]}/{HelloHash}", AzureConnection.BlobOptions());
        await blob.UploadAsync(BinaryData.FromString(damage), overwrite: true, Token);
        var lost = await Assert.ThrowsAsync<ArtifactLostException>(() => store.GetAsync(HelloHash, Token));
        Assert.Equal(HelloHash, lost.Hash);
        await store.PutAsync(Hello, Token);
        Assert.Equal(Hello, (await store.GetAsync(HelloHash, Token)).ToArray());

        // Also if the blob was not read meanwhile.
        await blob.UploadAsync(BinaryData.FromString(damage), overwrite: true, Token);
        await store.PutAsync(Hello, Token);
        Assert.Equal(Hello, (await store.GetAsync(HelloHash, Token)).ToArray());
    }

    [Fact]
    public async Task What_is_not_there_is_lost_and_what_is_no_hash_reaches_no_blob()
    {
        var store = Open(("ConnectionString", await services.AzuriteAsync()), ("Container", _container));
        await Assert.ThrowsAsync<ArtifactLostException>(() => store.GetAsync(HelloHash, Token));
        Assert.False(await store.ExistsAsync(HelloHash, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => store.GetAsync("../../secrets", Token));
    }

    [Fact]
    public async Task A_shared_access_signature_of_the_container_is_enough()
    {
        var container = new BlobContainerClient(await services.AzuriteAsync(), _container, AzureConnection.BlobOptions());
        await container.CreateAsync(cancellationToken: Token);
        var signed = container.GenerateSasUri(
            BlobContainerSasPermissions.Read
                | BlobContainerSasPermissions.Create
                | BlobContainerSasPermissions.Write
                | BlobContainerSasPermissions.Delete
                | BlobContainerSasPermissions.List,
            TimeProvider.System.GetUtcNow().AddHours(1)
        );
        var store = Open(("ContainerUri", signed.ToString()));
        await store.PutAsync(Hello, Token);
        Assert.Equal(Hello, (await store.GetAsync(HelloHash, Token)).ToArray());
    }

    [Fact]
    public async Task An_address_of_the_account_with_a_signature_is_enough()
    {
        var account = new BlobServiceClient(await services.AzuriteAsync(), AzureConnection.BlobOptions());
        var signed = account.GenerateAccountSasUri(
            AccountSasPermissions.All,
            TimeProvider.System.GetUtcNow().AddHours(1),
            AccountSasResourceTypes.All
        );
        var store = Open(("ConnectionString", signed.ToString()), ("Container", _container));
        await store.PutAsync(Hello, Token);
        Assert.Equal(Hello, (await store.GetAsync(HelloHash, Token)).ToArray());
    }

    [Fact]
    public async Task A_store_that_is_away_says_so_without_saying_its_keys()
    {
        // Nothing listens on port 1.
        var connection = Regex.Replace(
            await services.AzuriteAsync(),
            "BlobEndpoint=http://127.0.0.1:[0-9]+",
            "BlobEndpoint=http://127.0.0.1:1"
        );
        var store = Open(("ConnectionString", connection), ("Container", _container));
        var away = await Assert.ThrowsAsync<ArtifactStoreException>(() => store.PutAsync(Hello, Token));
        Assert.Contains(_container, away.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("AccountKey", away.Message, StringComparison.Ordinal);
    }

    private static IArtifactStore Open(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                settings
                    .Append(("Type", "AzureBlob"))
                    .Select(s => new KeyValuePair<string, string?>($"FreeMask:Artifacts:{s.Item1}", s.Item2))
            )
            .Build();
        var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton(TimeProvider.System)
            .AddArtifactStore();
        return services.BuildServiceProvider().GetRequiredService<IArtifactStore>();
    }
}
