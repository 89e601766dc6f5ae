using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Security;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Cluster;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

/// <summary>What the settings of TLS and of endpoints lead to, without a cluster that runs.</summary>
public sealed class ClusterSecurityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority;

    public ClusterSecurityTests() => _authority = new TestAuthority(_folder.Path, "authority");

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_silo_with_an_expired_certificate_ends_with_one_line()
    {
        var (certificate, key) = _authority.Issue("old", days: -1);
        var settings = Providers
            .SettingsOf(Provider.Redis, "none", "127.0.0.1:1")
            .Select(s => $"--{s.Key}={s.Value}")
            .Append($"--FreeMask:Tls:Authority={_authority.CertificateFile}")
            .Append($"--FreeMask:Tls:Certificate={certificate}")
            .Append($"--FreeMask:Tls:Key={key}");
        await using var silo = SiloProcess.Start("silo", _folder.Path, settings, Ports.Pair().First);
        Assert.Equal(2, await silo.ExitAsync(TestContext.Current.CancellationToken));
        var said = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "silo.log"), TestContext.Current.CancellationToken);
        Assert.StartsWith($"The certificate of FreeMask:Tls:Certificate, '{certificate}', expired at ", said, StringComparison.Ordinal);
        Assert.Equal(said.Length - 1, said.IndexOf('\n', StringComparison.Ordinal));
    }

    [Fact]
    public void Each_mistake_in_the_settings_is_named()
    {
        var (certificate, key) = _authority.Issue("silo");
        using var other = new TestAuthority(_folder.Path, "other");
        var authority = _authority.CertificateFile;
        var missing = Path.Combine(_folder.Path, "missing.pem");
        var pfx = _authority.IssuePfx("pfx", "planted-secret");
        Refuses("FreeMask:Tls:Authority is missing", ("Certificate", certificate), ("Key", key));
        Refuses($"FreeMask:Tls:Authority is '{missing}', which does not exist", ("Authority", missing));
        Refuses($"FreeMask:Tls:Authority is '{key}', which holds no certificate", ("Authority", key));
        Refuses("FreeMask:Tls:Certificate is missing", ("Authority", authority));
        Refuses($"FreeMask:Tls:Certificate is '{missing}', which does not exist", ("Authority", authority), ("Certificate", missing));
        Refuses("FreeMask:Tls:Key and FreeMask:Tls:Password must fit", ("Authority", authority), ("Certificate", certificate));
        Refuses($"the file of FreeMask:Tls:Key, '{missing}'", ("Authority", authority), ("Certificate", certificate), ("Key", missing));
        Refuses("cannot be used: ", ("Authority", authority), ("Certificate", pfx), ("Password", "planted-wrong"));
        Refuses(
            "is not one of the authorities in FreeMask:Tls:Authority",
            ("Authority", other.CertificateFile),
            ("Certificate", certificate),
            ("Key", key)
        );
        Refuses(
            "does not contain the name FreeMask:Tls:ServerName, 'elsewhere.test'",
            ("Authority", authority),
            ("Certificate", certificate),
            ("Key", key),
            ("ServerName", "elsewhere.test")
        );
        Refuses("FreeMask:Tls:Certficate is not a setting", ("Authority", authority), ("Certficate", certificate));
        Refuses("RequireClientCertificate is 'maybe'", ("Authority", authority), ("RequireClientCertificate", "maybe"));
        Assert.NotNull(ClusterTls.OfSilo(Configuration(("Authority", authority), ("Certificate", certificate), ("Key", key))));
        Assert.Null(ClusterTls.OfSilo(Configuration()));
    }

    [Fact]
    public void A_silo_without_cluster_takes_no_TLS()
    {
        var exception = Assert.Throws<FreeMaskException>(() => Build([$"--FreeMask:Tls:Authority={_authority.CertificateFile}"]));
        Assert.StartsWith("FreeMask:Tls is for the silos of a cluster", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_of_a_cluster_listens_on_loopback_unless_configured()
    {
        var settings = Providers.SettingsOf(Provider.Redis, "none", "127.0.0.1:1");
        settings.Remove("Orleans:Endpoints:AdvertisedIPAddress");
        var said = new List<string>();
        await using var app = Build([.. settings.Select(s => $"--{s.Key}={s.Value}")], said);
        Assert.Equal(IPAddress.Loopback, app.Services.GetRequiredService<IOptions<EndpointOptions>>().Value.AdvertisedIPAddress);
        await WarnAsync(app.Services);
        Assert.Empty(said);
    }

    [Theory]
    [InlineData("AdvertisedIPAddress", "192.0.2.7", "192.0.2.7")]
    [InlineData("SiloListeningEndpoint", "0.0.0.0:11111", "0.0.0.0")]
    [InlineData("GatewayListeningEndpoint", "0.0.0.0:30000", "0.0.0.0")]
    public async Task A_silo_on_other_addresses_warns_once_if_it_has_no_TLS(string key, string value, string address)
    {
        var (certificate, keyFile) = _authority.Issue("silo");
        var settings = Providers.SettingsOf(Provider.Redis, "none", "127.0.0.1:1");
        settings[$"Orleans:Endpoints:{key}"] = value;
        string[] plain = [.. settings.Select(s => $"--{s.Key}={s.Value}")];
        var said = new List<string>();
        await using (var app = Build(plain, said)) await WarnAsync(app.Services);
        Assert.StartsWith($"The silo listens on {address} without TLS", Assert.Single(said), StringComparison.Ordinal);
        Assert.Contains("FreeMask:Tls:Certificate", said[0], StringComparison.Ordinal);
        said.Clear();
        string[] tls =
        [
            $"--FreeMask:Tls:Authority={_authority.CertificateFile}",
            $"--FreeMask:Tls:Certificate={certificate}",
            $"--FreeMask:Tls:Key={keyFile}",
        ];
        await using (var app = Build([.. plain, .. tls], said)) await WarnAsync(app.Services);
        Assert.Empty(said);
    }

    [Fact]
    public async Task A_silo_whose_certificate_has_expired_meanwhile_is_named()
    {
        var problem = await DiagnoseAsync(_authority.Issue("old", days: -1), (_, _) => true);
        Assert.Contains("is not valid at this time", problem, StringComparison.Ordinal);
        Assert.Contains("renew it", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_that_refuses_the_certificate_is_named()
    {
        var problem = await DiagnoseAsync(_authority.Issue("silo"), (_, _) => false);
        Assert.Contains("refuses the certificate of FreeMask:Tls:Certificate", problem, StringComparison.Ordinal);
        Assert.Contains("use one that is valid and that an authority of the silos issued", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_that_accepts_the_certificate_or_is_frozen_is_no_problem_of_TLS()
    {
        Assert.Null(await DiagnoseAsync(_authority.Issue("silo"), (_, _) => true));
        using var frozen = new TcpListener(IPAddress.Loopback, 0);
        frozen.Start();
        Assert.Null(await TlsDiagnosis.ExplainAsync((IPEndPoint)frozen.LocalEndpoint, Own(), TestContext.Current.CancellationToken));
    }

    /// <summary>Lets a client of the authority explain why a silo with a certificate, or its refusal of the client's one, fails.</summary>
    private async Task<string?> DiagnoseAsync(
        (string Certificate, string Key) silo,
        Func<X509Certificate?, SslPolicyErrors, bool> accepts
    )
    {
        var token = TestContext.Current.CancellationToken;
        using var certificate = X509Certificate2.CreateFromPemFile(silo.Certificate, silo.Key);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync();
        var problem = await TlsDiagnosis.ExplainAsync((IPEndPoint)listener.LocalEndpoint, Own(), token);
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return problem;

        async Task ServeAsync()
        {
            using var socket = await listener.AcceptSocketAsync(token);
            await using var network = new NetworkStream(socket);
            await using var stream = new SslStream(network);
            var options = new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, its, _, errors) => accepts(its, errors),
            };
            await stream.AuthenticateAsServerAsync(options, token);
            Assert.Equal(0, await stream.ReadAsync(new byte[1], token));
        }
    }

    private ClusterTls Own()
    {
        var (certificate, key) = _authority.Issue("client");
        return ClusterTls.OfClient(
            Configuration(("Authority", _authority.CertificateFile), ("Certificate", certificate), ("Key", key))
        )!;
    }

    private static async Task WarnAsync(IServiceProvider services)
    {
        foreach (var warning in services.GetServices<IHostedService>().OfType<UnprotectedClusterWarning>())
            await warning.StartAsync(TestContext.Current.CancellationToken);
    }

    private static WebApplication Build(string[] arguments, List<string>? said = null) =>
        SiloProgram.Build(
            SiloArguments.Parse(arguments),
            (services, _) => services.AddSingleton<ILoggerProvider>(new Warnings(said ?? []))
        );

    private static IConfiguration Configuration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create($"FreeMask:Tls:{s.Key}", (string?)s.Value)))
            .Build();

    private static void Refuses(string expected, params (string Key, string Value)[] settings)
    {
        var exception = Assert.Throws<FreeMaskException>(() => ClusterTls.OfSilo(Configuration(settings)));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.DoesNotContain("planted", exception.Message, StringComparison.Ordinal);
    }

    private sealed class Warnings(List<string> said) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) =>
            categoryName == typeof(UnprotectedClusterWarning).FullName ? this : NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => said.Add(formatter(state, exception));

        public void Dispose() { }
    }
}
