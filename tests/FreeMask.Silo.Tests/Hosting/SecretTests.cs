using System.Text;
using System.Text.Json;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Cluster;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

/// <summary>Planted secrets are in nothing that silos and clients write, whether they work or fail to start.</summary>
public sealed class SecretTests(LocalServices services)
{
    // Base64, so that an account key with it is a valid one; the wrong one.
    private const string Secret = "cGxhbnRlZHNlY3JldA";

    [Theory]
    [InlineData("Server=x;Password=abc;Port=1", "Server=x;Password=***;Port=1")]
    [InlineData("AccountName=a;AccountKey=abc==;B=c", "AccountName=a;AccountKey=***;B=c")]
    [InlineData("'https://a/b?sv=1&sig=ab%2B' is not", "'https://a/b?sv=1&sig=***' is not")]
    [InlineData("127.0.0.1:1,password=abc,ssl=true", "127.0.0.1:1,password=***,ssl=true")]
    [InlineData("the design = good", "the design = good")]
    public void Secrets_of_a_message_are_hidden(string message, string expected) => Assert.Equal(expected, Secrets.Hide(message));

    [Fact(Timeout = 120_000)]
    public async Task Silos_that_fail_to_start_do_not_write_them()
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        const string Sas = $"sv=2024-11-04&ss=t&sig={Secret}";
        const string Key = $"AccountName=account;AccountKey={Secret}==;TableEndpoint=http://127.0.0.1:1/account";
        string[] sections = ["Clustering", "Reminders", "GrainStorage:coordination", "GrainStorage:samples"];
        List<SiloProcess> silos =
        [
            Start("redis", Of("Redis", $"127.0.0.1:1,password={Secret},connectTimeout=300")),
            Start("postgresql", Of("AdoNet", $"Host=127.0.0.1;Port=1;Username=u;Password={Secret}")),
            Start("key", Of("AzureTableStorage", Key)),
            Start("sas", Of("AzureTableStorage", $"http://127.0.0.1:1/account?{Sas}")),
            Start("part-of-a-string", Of("AzureTableStorage", $"AccountName=account;AccountKey={Secret}")),
            Start("address", "--FreeMask:Artifacts:Type=AzureBlob", $"--FreeMask:Artifacts:ContainerUri=account/container?{Sas}"),
            Start("scheme", "--FreeMask:Artifacts:Type=AzureBlob", $"--FreeMask:Artifacts:ContainerUri=https://:x/c?{Sas}"),
        ];
        foreach (var silo in silos)
        {
            var exitCode = await silo.ExitAsync(token);
            var said = await File.ReadAllTextAsync(Path.Combine(folder.Path, $"{silo.Name}.log"), token);
            await silo.DisposeAsync();
            Assert.True(exitCode is 1 or 2, $"{silo.Name}: {exitCode}\n{said}");
            Assert.NotEmpty(said);
            Assert.DoesNotContain(Secret, said, StringComparison.Ordinal);
        }

        string[] Of(string type, string connection) =>
            [
                .. sections.SelectMany(s =>
                    new[]
                    {
                        $"--Orleans:{s}:ProviderType={type}",
                        $"--Orleans:{s}:ConnectionString={connection}",
                        $"--Orleans:{s}:Invariant=Npgsql",
                    }
                ),
            ];

        SiloProcess Start(string name, params string[] settings)
        {
            var (siloPort, gatewayPort) = Ports.Pair();
            string[] all =
            [
                .. settings,
                $"--FreeMask:DataFolder={Path.Combine(folder.Path, name)}",
                $"--Orleans:Endpoints:SiloPort={siloPort}",
                $"--Orleans:Endpoints:GatewayPort={gatewayPort}",
            ];
            return SiloProcess.Start(name, folder.Path, all, Ports.Pair().First);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_run_does_not_write_them()
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        var azure = await services.AzuriteAsync();
        var key = azure.Split(';').Single(part => part.StartsWith("AccountKey=", StringComparison.Ordinal))["AccountKey=".Length..];
        var settings = Providers.SettingsOf(Provider.AzureTable, $"secret{Guid.NewGuid():N}", azure);
        settings["FreeMask:Artifacts:Type"] = "AzureBlob";
        settings["FreeMask:Artifacts:ConnectionName"] = "state";
        settings["FreeMask:DataFolder"] = Path.Combine(folder.Path, "data");
        settings["Logging:LogLevel:Default"] = "Debug";
        settings["Logging:LogLevel:Orleans"] = "Debug";
        settings["Logging:LogLevel:Azure"] = "Debug";
        var (siloPort, gatewayPort) = Ports.Pair();
        string[] arguments =
        [
            .. settings.Select(s => $"--{s.Key}={s.Value}"),
            $"--Orleans:Endpoints:SiloPort={siloPort}",
            $"--Orleans:Endpoints:GatewayPort={gatewayPort}",
        ];
        await using var silo = SiloProcess.Start("silo", folder.Path, arguments, Ports.Pair().First);
        await silo.ReadyAsync(token);
        var file = Path.Combine(folder.Path, "cluster.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(settings), token);
        var written = new StringBuilder();
        await using (var client = await SiloConnection.ConnectAsync(file, null, token))
        {
            var run = client.Grains.GetGrain<IRunGrain>("run");
            await run.Start(TestSilo.SmallSpec);
            while ((await run.GetStatus()).State == RunState.Running) await Task.Delay(50, token);
            var status = await run.GetStatus();
            Assert.Equal(RunState.Completed, status.State);
            written.Append(JsonSerializer.Serialize(status)).Append(JsonSerializer.Serialize(await run.GetSpec()));
            foreach (var part in status.ManifestParts)
                written.Append(Encoding.UTF8.GetString((await client.Artifacts.GetAsync(part, token)).Span));
        }

        await silo.SignalAsync("TERM");
        Assert.Equal(0, await silo.ExitAsync(token));
        var log = await File.ReadAllTextAsync(Path.Combine(folder.Path, "silo.log"), token);
        // The log is a detailed one: what is looked for would be there if anything wrote it.
        Assert.Contains("127.0.0.1", log, StringComparison.Ordinal);
        Assert.NotEqual(0, written.Length);
        Assert.DoesNotContain(key, written.Append(log).ToString(), StringComparison.Ordinal);
    }
}
