using System.Net;
using System.Net.Sockets;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Cluster;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

/// <summary>A silo without cluster, as a process: it locks its data folder.</summary>
public sealed class SiloProgramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_that_cannot_be_used_ends_it()
    {
        var file = Path.Combine(_folder.Path, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        await using var silo = Start("a", Path.Combine(file, "data"));
        Assert.Equal(2, await silo.ExitAsync(TestContext.Current.CancellationToken));
        Assert.Contains($"The data folder '{Path.Combine(file, "data")}' cannot be used", await LogAsync("a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_folder_is_its_own_and_clients_find_it_there()
    {
        var data = Path.Combine(_folder.Path, "data");
        await using var first = Start("first", data);
        await first.ReadyAsync(TestContext.Current.CancellationToken);

        await using var second = Start("second", data);
        Assert.Equal(2, await second.ExitAsync(TestContext.Current.CancellationToken));
        Assert.Contains("is in use by process", await LogAsync("second"), StringComparison.Ordinal);

        await using (
            var client = await SiloConnection.OpenAsync(
                new EmbeddedSiloOptions { DataFolder = data, Services = _ => throw new InvalidOperationException() },
                null,
                TestContext.Current.CancellationToken
            )
        )
        {
            Assert.True(client.IsRemote);
            Assert.Empty(await client.Grains.GetGrain<IRunDirectoryGrain>(0).List());
        }

        await first.SignalAsync("TERM");
        Assert.Equal(0, await first.ExitAsync(TestContext.Current.CancellationToken));
        Assert.Null(DataFolderLock.Find(data));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var silo = Start("silo", Path.Combine(_folder.Path, "a"), $"--Orleans:Endpoints:SiloPort={port}");
        await using var web = Start("web", Path.Combine(_folder.Path, "b"), port);
        Assert.Equal(1, await silo.ExitAsync(TestContext.Current.CancellationToken));
        Assert.Contains($"Another program uses port {port} or ", await LogAsync("silo"), StringComparison.Ordinal);
        Assert.Equal(1, await web.ExitAsync(TestContext.Current.CancellationToken));
        Assert.Contains($"Failed to bind to address http://127.0.0.1:{port}", await LogAsync("web"), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", (await LogAsync("web")).Split('\n')[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_named_without_its_password()
    {
        var settings = new[] { "Clustering", "Reminders", "GrainStorage:coordination", "GrainStorage:samples" }.SelectMany(s =>
            new[] { $"--Orleans:{s}:ProviderType=Redis", $"--Orleans:{s}:ConnectionString=127.0.0.1:1,password=secret,connectTimeout=500" }
        );
        await using var silo = Start("silo", Path.Combine(_folder.Path, "data"), [.. settings]);
        Assert.Equal(1, await silo.ExitAsync(TestContext.Current.CancellationToken));
        var said = (await LogAsync("silo")).Split('\n')[^2];
        Assert.StartsWith("The Redis server 127.0.0.1:1 cannot be used: ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
    }

    [Theory, InlineData("AzureTableStorage"), InlineData("AzureBlobStorage")]
    public async Task An_Azure_account_that_does_not_answer_ends_it_in_seconds(string state)
    {
        const string Endpoints = "BlobEndpoint=http://127.0.0.1:1/account;TableEndpoint=http://127.0.0.1:1/account";
        const string Connection = $"AccountName=account;AccountKey=c2VjcmV0;{Endpoints}";
        (string Section, string Type)[] sections =
        [
            ("Clustering", "AzureTableStorage"),
            ("Reminders", "AzureTableStorage"),
            ("GrainStorage:coordination", state),
            ("GrainStorage:samples", state),
        ];
        var settings = sections.SelectMany(s =>
            new[] { $"--Orleans:{s.Section}:ProviderType={s.Type}", $"--Orleans:{s.Section}:ConnectionString={Connection}" }
        );
        await using var silo = Start("silo", Path.Combine(_folder.Path, "data"), [.. settings]);
        // Orleans alone would try for five minutes.
        var token = TestContext.Current.CancellationToken;
        Assert.Equal(1, await silo.ExitAsync(token).WaitAsync(TimeSpan.FromSeconds(90), token));
        var said = (await LogAsync("silo")).TrimEnd('\n').Split('\n');
        const string Expected = "The Azure Storage account at 127.0.0.1:1 cannot be used: Connection refused";
        Assert.StartsWith(Expected, said[^1], StringComparison.Ordinal);
        Assert.True(said.Length < 10, $"{said.Length} lines");
        Assert.All(said, line => Assert.DoesNotContain("c2VjcmV0", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_artifact_folder_that_cannot_be_used_ends_it()
    {
        var file = Path.Combine(_folder.Path, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        await using var silo = Start("silo", Path.Combine(_folder.Path, "data"), $"--FreeMask:Artifacts:Folder={file}");
        Assert.Equal(2, await silo.ExitAsync(TestContext.Current.CancellationToken));
        Assert.Contains($"The artifact folder '{file}' cannot be used", await LogAsync("silo"), StringComparison.Ordinal);
    }

    private SiloProcess Start(string name, string data, params string[] settings) => Start(name, data, Ports.Pair().First, settings);

    private SiloProcess Start(string name, string data, int port, params string[] settings)
    {
        var (siloPort, gatewayPort) = Ports.Pair();
        string[] arguments =
        [
            $"--FreeMask:DataFolder={data}",
            $"--Orleans:Endpoints:SiloPort={siloPort}",
            $"--Orleans:Endpoints:GatewayPort={gatewayPort}",
            .. settings,
        ];
        return SiloProcess.Start(name, _folder.Path, arguments, port);
    }

    private async Task<string> LogAsync(string name) =>
        await File.ReadAllTextAsync(Path.Combine(_folder.Path, $"{name}.log"), TestContext.Current.CancellationToken);
}
