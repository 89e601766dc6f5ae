using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

/// <summary>
/// An account by its addresses alone: the silo signs in with a token. Azurite takes tokens by https, and checks everything in them but the
/// signature. No real identity is asked for one.
/// </summary>
public sealed class AzureIdentityTests(LocalServices services) : IDisposable
{
    private const string Scope = "https://storage.azure.com/.default",
        Audience = "https://storage.azure.com";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData("AzureTableStorage"), InlineData("AzureBlobStorage")]
    public async Task State_and_artifacts_need_no_secret(string state)
    {
        var credential = new FakeCredential(() => TokenFor(Audience));
        await using var app = await BuildAsync(state, credential);
        await app.StartAsync(Token);
        var storage = app.Services.GetRequiredKeyedService<IGrainStorage>(StorageNames.Samples);
        var id = GrainId.Create("sample", $"run/{Guid.NewGuid():N}/0/1");
        var plan = new SamplePlan(7, "cat", 8, "grass", "a cat", "", 1);
        var written = new GrainState<Stored<SampleRecord>>(new Stored<SampleRecord> { Value = SampleTransitions.Fresh(0, 1, plan) });
        await storage.WriteStateAsync("sample", id, written);
        var read = new GrainState<Stored<SampleRecord>>(new Stored<SampleRecord>());
        await storage.ReadStateAsync("sample", id, read);
        Assert.Equal((plan, written.ETag), (read.State?.Value?.Plan, read.ETag));

        var artifacts = app.Services.GetRequiredService<IArtifactStore>();
        var hash = await artifacts.PutAsync("hello"u8.ToArray(), Token);
        Assert.Equal("hello"u8.ToArray(), (await artifacts.GetAsync(hash, Token)).ToArray());
        Assert.Equal([Scope], credential.Scopes.Distinct());
        await app.StopAsync(Token);
    }

    [Theory, InlineData("AzureTableStorage"), InlineData("AzureBlobStorage")]
    public async Task An_identity_that_is_refused_ends_the_silo_with_the_role_that_it_needs(string state)
    {
        // A token for something else.
        var refused = await StartAsync(state, new FakeCredential(() => TokenFor("https://management.azure.com")));
        Assert.Contains("The Azure Storage account at 127.0.0.1:", refused.Message, StringComparison.Ordinal);
        // Sections are checked at once: either role may be named.
        Assert.Matches("the role Storage (Table|Blob) Data Contributor", refused.Message);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public async Task A_machine_without_identity_is_told_so()
    {
        var refused = await StartAsync(
            "AzureTableStorage",
            new FakeCredential(() => throw new CredentialUnavailableException("This machine has no identity.\nDetails."))
        );
        Assert.Contains("cannot be used: This machine has no identity. ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    private static string TokenFor(string audience)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"aud":"{{audience}}","iss":"https://sts.windows.net/tenant/","iat":{{now}},"nbf":{{now - 60}},"exp":{{now + 3600}}}"""
        );
        return string.Join('.', Part("""{"alg":"RS256","typ":"JWT"}"""), Part(claims), Part("not signed"));

        static string Part(string text) =>
            Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private async Task<StoreUnavailableException> StartAsync(string state, FakeCredential credential)
    {
        await using var app = await BuildAsync(state, credential);
        return await Assert.ThrowsAsync<StoreUnavailableException>(() => app.StartAsync(Token));
    }

    private async Task<WebApplication> BuildAsync(string state, FakeCredential credential)
    {
        var azurite = await services.AzuriteByTokenAsync();
        var name = $"identity-{Guid.NewGuid():N}";
        var (siloPort, gatewayPort) = Ports.Pair();
        string[] arguments =
        [
            $"--ConnectionStrings:tables={azurite.Tables}",
            $"--ConnectionStrings:blobs={azurite.Blobs}",
            $"--Orleans:ServiceId={name}",
            $"--Orleans:ClusterId={name}",
            "--Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1",
            .. Section("Clustering", "AzureTableStorage"),
            .. Section("Reminders", "AzureTableStorage"),
            .. Section("GrainStorage:coordination", state),
            .. Section("GrainStorage:samples", state),
            "--FreeMask:Artifacts:Type=AzureBlob",
            "--FreeMask:Artifacts:ConnectionName=blobs",
            $"--FreeMask:DataFolder={_folder.Path}",
            $"--Orleans:Endpoints:SiloPort={siloPort}",
            $"--Orleans:Endpoints:GatewayPort={gatewayPort}",
            "--urls=http://127.0.0.1:0",
            "--Logging:LogLevel:Default=None",
            "--Logging:LogLevel:Orleans=None",
        ];
        return SiloProgram.Build(
            SiloArguments.Parse(arguments),
            (all, _) =>
            {
                all.AddSingleton<TokenCredential>(credential);
                all.AddSingleton<HttpPipelineTransport>(_ => azurite.Trusting());
            }
        );

        static string[] Section(string section, string type) =>
            [
                $"--Orleans:{section}:ProviderType={type}",
                $"--Orleans:{section}:ConnectionName={(type == "AzureTableStorage" ? "tables" : "blobs")}",
            ];
    }

    private sealed class FakeCredential(Func<string> token) : TokenCredential
    {
        private readonly ConcurrentQueue<string> _scopes = [];

        public IEnumerable<string> Scopes => _scopes;

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            foreach (var scope in requestContext.Scopes)
                _scopes.Enqueue(scope);
            return new AccessToken(token(), TimeProvider.System.GetUtcNow().AddHours(1));
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
