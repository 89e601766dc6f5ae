using System.Text.Json;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using Xunit;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>A cluster of two silo processes with TLS, and clients with right and wrong certificates.</summary>
public sealed class TlsTests(LocalServices services)
{
    private const string Password = "planted-pfx-password";

    // Far less than the minutes for which Orleans would go on trying.
    private static readonly TimeSpan Seconds = TimeSpan.FromSeconds(25);

    [Fact(Timeout = 240_000)]
    public async Task Silos_and_clients_talk_by_TLS_and_refuse_strangers()
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        using var authority = new TestAuthority(folder.Path, "authority");
        using var other = new TestAuthority(folder.Path, "other");
        var silo = Tls(authority, authority.Issue("silo"));
        var settings = await Providers.SettingsAsync(services, Provider.Redis, $"tls-{Guid.NewGuid():N}");
        settings["FreeMask:Artifacts:Folder"] = Path.Combine(folder.Path, "artifacts");
        settings["FreeMask:DataFolder"] = folder.Path;
        var pfx = new Dictionary<string, string>(Tls(authority, null))
        {
            ["FreeMask:Tls:Certificate"] = authority.IssuePfx("second", Password),
            ["FreeMask:Tls:Password"] = Password,
        };
        await using var first = Start("first", folder.Path, settings, silo);
        await using var second = Start("second", folder.Path, settings, pfx);
        await first.ReadyAsync(token);
        await second.ReadyAsync(token);

        // With a certificate and the name of the silos: both silos are members, and a run completes.
        var client = Tls(authority, authority.Issue("client", 5, "1.3.6.1.5.5.7.3.2"));
        client["FreeMask:Tls:ServerName"] = "silos.test";
        await using (var connection = await ConnectAsync(folder.Path, settings, client))
        {
            var hosts = await connection.Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
            Assert.Equal(2, hosts.Count);
            var run = connection.Grains.GetGrain<IRunGrain>("run");
            await run.Start(TestSilo.SmallSpec);
            while ((await run.GetStatus()).State == RunState.Running) await Task.Delay(50, token);
            var status = await run.GetStatus();
            Assert.Equal(RunState.Completed, status.State);
            Assert.Equal(await WithoutTlsAsync(token), status.ManifestHash);
        }

        // Each stranger gets one line that names the setting.
        var stranger = other.Issue("stranger");
        await RefusesAsync([], "speaks TLS; set FreeMask:Tls:Authority");
        await RefusesAsync(Tls(authority, null), "asks for a certificate");
        await RefusesAsync(Tls(authority, stranger), "refuses the certificate of FreeMask:Tls:Certificate");
        await RefusesAsync(Tls(authority, authority.Issue("old", days: -1)), "expired at ");
        await RefusesAsync(
            Tls(authority, authority.Issue("wrong-use", 5, "1.3.6.1.5.5.7.3.1")),
            "is not for client authentication"
        );
        await RefusesAsync(
            Tls(other, authority.Issue("trusting-another")),
            "not issued by an authority in FreeMask:Tls:Authority"
        );
        client["FreeMask:Tls:ServerName"] = "elsewhere.test";
        await RefusesAsync(client, "does not contain the name FreeMask:Tls:ServerName, 'elsewhere.test'");

        // So does each silo that cannot join; the cluster goes on without it.
        var both = Path.Combine(folder.Path, "both.pem");
        var authorities = await File.ReadAllTextAsync(authority.CertificateFile, token);
        await File.WriteAllTextAsync(both, authorities + "\n" + await File.ReadAllTextAsync(other.CertificateFile, token), token);
        await DoesNotJoinAsync("plain", [], "speaks TLS; set FreeMask:Tls:Authority");
        await DoesNotJoinAsync("other", Tls(other, stranger), "not issued by an authority in FreeMask:Tls:Authority");
        var refused = new Dictionary<string, string>(Tls(other, stranger)) { ["FreeMask:Tls:Authority"] = both };
        await DoesNotJoinAsync("refused", refused, "refuses the certificate of FreeMask:Tls:Certificate");
        Assert.False(first.HasExited || second.HasExited);

        foreach (var log in Directory.EnumerateFiles(folder.Path, "*.log"))
        {
            var text = await File.ReadAllTextAsync(log, token);
            Assert.DoesNotContain(Password, text, StringComparison.Ordinal);
            Assert.DoesNotContain("without TLS", text, StringComparison.Ordinal);
        }

        async Task DoesNotJoinAsync(string name, Dictionary<string, string> tls, string expected)
        {
            await using var third = Start(name, folder.Path, settings, tls);
            Assert.Equal(1, await third.ExitAsync(token).WaitAsync(Seconds, token));
            var log = await File.ReadAllLinesAsync(Path.Combine(folder.Path, $"{name}.log"), token);
            var line = Assert.Single(log, l => l.StartsWith("The silo ends: it cannot join the cluster", StringComparison.Ordinal));
            Assert.Contains(expected, line, StringComparison.Ordinal);
        }

        async Task RefusesAsync(Dictionary<string, string> tls, string expected)
        {
            var exception = await Assert.ThrowsAsync<FreeMaskException>(
                () => ConnectAsync(folder.Path, settings, tls).WaitAsync(Seconds, token)
            );
            Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', exception.Message);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Clients_need_no_certificate_where_none_is_required()
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        using var authority = new TestAuthority(folder.Path, "authority");
        var silo = Tls(authority, authority.Issue("silo"));
        silo["FreeMask:Tls:RequireClientCertificate"] = "false";
        var settings = await Providers.SettingsAsync(services, Provider.Redis, $"tls-{Guid.NewGuid():N}");
        settings["FreeMask:Artifacts:Folder"] = Path.Combine(folder.Path, "artifacts");
        settings["FreeMask:DataFolder"] = folder.Path;
        await using var first = Start("first", folder.Path, settings, silo);
        await first.ReadyAsync(token);
        await using (var connection = await ConnectAsync(folder.Path, settings, Tls(authority, null)))
            Assert.Empty(await connection.Grains.GetGrain<IRunDirectoryGrain>(0).List());

        // One that is given is checked all the same.
        using var other = new TestAuthority(folder.Path, "other");
        var stranger = Tls(authority, other.Issue("stranger"));
        var exception = await Assert.ThrowsAsync<FreeMaskException>(() => ConnectAsync(folder.Path, settings, stranger));
        Assert.Contains("refuses the certificate of FreeMask:Tls:Certificate", exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_cluster_without_TLS_is_named_to_those_who_have_it()
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        using var authority = new TestAuthority(folder.Path, "authority");
        var tls = Tls(authority, authority.Issue("silo"));
        var settings = await Providers.SettingsAsync(services, Provider.Redis, $"tls-{Guid.NewGuid():N}");
        settings["FreeMask:Artifacts:Folder"] = Path.Combine(folder.Path, "artifacts");
        settings["FreeMask:DataFolder"] = folder.Path;
        await using var plain = Start("plain", folder.Path, settings, []);
        await plain.ReadyAsync(token);
        var exception = await Assert.ThrowsAsync<FreeMaskException>(
            () => ConnectAsync(folder.Path, settings, tls).WaitAsync(Seconds, token)
        );
        Assert.Contains("does not speak TLS; give it the section FreeMask:Tls too", exception.Message, StringComparison.Ordinal);
        await using var silo = Start("tls", folder.Path, settings, tls);
        Assert.Equal(1, await silo.ExitAsync(token).WaitAsync(Seconds, token));
        var log = await File.ReadAllTextAsync(Path.Combine(folder.Path, "tls.log"), token);
        Assert.Contains("The silo ends: it cannot join the cluster, because the silo at ", log, StringComparison.Ordinal);
        Assert.Contains("does not speak TLS", log, StringComparison.Ordinal);
    }

    private static async Task<string> WithoutTlsAsync(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using var silo = await TestSilo.StartAsync(folder.Path, cancellationToken);
        return (await silo.CompleteAsync("plain", TestSilo.SmallSpec)).ManifestHash!;
    }

    private static Dictionary<string, string> Tls(TestAuthority authority, (string Certificate, string Key)? own)
    {
        var tls = new Dictionary<string, string> { ["FreeMask:Tls:Authority"] = authority.CertificateFile };
        if (own is not { } files) return tls;
        (tls["FreeMask:Tls:Certificate"], tls["FreeMask:Tls:Key"]) = files;
        return tls;
    }

    private static SiloProcess Start(string name, string folder, Dictionary<string, string> settings, Dictionary<string, string> tls)
    {
        var (siloPort, gatewayPort) = Ports.Pair();
        string[] arguments =
        [
            .. settings.Concat(tls).Select(s => $"--{s.Key}={s.Value}"),
            $"--Orleans:Name={name}",
            $"--Orleans:Endpoints:SiloPort={siloPort}",
            $"--Orleans:Endpoints:GatewayPort={gatewayPort}",
        ];
        return SiloProcess.Start(name, folder, arguments, Ports.Pair().First);
    }

    private static async Task<SiloConnection> ConnectAsync(
        string folder,
        Dictionary<string, string> settings,
        Dictionary<string, string> tls
    )
    {
        var file = Path.Combine(folder, "cluster.json");
        var all = settings.Concat(tls).ToDictionary(StringComparer.Ordinal);
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(all), TestContext.Current.CancellationToken);
        return await SiloConnection.ConnectAsync(file, null, TestContext.Current.CancellationToken);
    }
}
