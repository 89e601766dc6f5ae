using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;
using Orleans.Connections.Security;

namespace FreeMask.Hosting.Security;

/// <summary>
/// TLS between the silos of a cluster, and between clients and silos. Silos always prove themselves to each other; clients do so unless
/// <c>FreeMask:Tls:RequireClientCertificate</c> is false. Only the authorities of <c>FreeMask:Tls:Authority</c> are trusted, not those of
/// the machine.
/// </summary>
internal sealed class ClusterTls
{
    private readonly TlsFiles _files;
    private readonly bool _requireClientCertificate;

    private ClusterTls(TlsFiles files, string? serverName, bool requireClientCertificate) =>
        (_files, ServerName, _requireClientCertificate) = (files, serverName, requireClientCertificate);

    /// <summary>The name that certificates of silos must contain; null if any certificate of the authority may be a silo's.</summary>
    public string? ServerName { get; }

    /// <summary>The file of the own certificate; null if a client has none.</summary>
    public string? CertificateFile => _files.CertificateFile;

    /// <summary>Reads the settings of a silo; null if the cluster has no TLS.</summary>
    /// <exception cref="FreeMaskException">A setting or a file cannot be used; the message names the key.</exception>
    public static ClusterTls? OfSilo(IConfiguration configuration) => Read(configuration, isSilo: true);

    /// <summary>Reads the settings of a client; null if the cluster has no TLS.</summary>
    /// <exception cref="FreeMaskException">A setting or a file cannot be used; the message names the key.</exception>
    public static ClusterTls? OfClient(IConfiguration configuration) => Read(configuration, isSilo: false);

    /// <summary>Protects the connections of a silo.</summary>
    public void Apply(SiloConnectionOptions connections)
    {
        var ofClients = _requireClientCertificate ? RemoteCertificateMode.RequireCertificate : RemoteCertificateMode.AllowCertificate;
        connections.ConfigureSiloInboundConnection(builder => UseServer(builder, RemoteCertificateMode.RequireCertificate));
        connections.ConfigureGatewayInboundConnection(builder => UseServer(builder, ofClients));
        connections.ConfigureSiloOutboundConnection(UseClient);
    }

    /// <summary>Protects the connections of a client.</summary>
    public void Apply(ClientConnectionOptions connections) => connections.ConfigureConnection(UseClient);

    /// <summary>Sets what a connection to a silo needs, except for the acceptance of its certificate: <see cref="Accepts"/>.</summary>
    public void Configure(SslClientAuthenticationOptions options)
    {
        options.TargetHost = ServerName ?? "";
        options.CertificateChainPolicy = _files.NewPolicy();
        if (_files.Context is { } context) options.ClientCertificateContext = context;
    }

    /// <summary>Whether a silo's certificate is accepted. Silos are found by address, so a name counts only if one is configured.</summary>
    public bool Accepts(SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None || (ServerName is null && errors == SslPolicyErrors.RemoteCertificateNameMismatch);

    private static ClusterTls? Read(IConfiguration configuration, bool isSilo)
    {
        var section = configuration.GetSection(TlsFiles.Section);
        if (!section.GetChildren().Any()) return null;
        string[] known = ["Authority", "Certificate", "Key", "Password", "RequireClientCertificate", "ServerName"];
        foreach (var key in section.GetChildren().Select(child => child.Key))
            if (!known.Contains(key, StringComparer.OrdinalIgnoreCase))
                throw new FreeMaskException(
                    $"{TlsFiles.Section}:{key} is not a setting; there are {string.Join(", ", known)}."
                );
        var require = section["RequireClientCertificate"];
        if (!bool.TryParse(require ?? "true", out var requires))
            throw new FreeMaskException($"{TlsFiles.Section}:RequireClientCertificate is '{require}'; it can be true or false.");
        return new ClusterTls(TlsFiles.Read(section, isSilo), section["ServerName"] is { Length: > 0 } name ? name : null, requires);
    }

    private void UseServer(IConnectionBuilder builder, RemoteCertificateMode mode) =>
        builder.UseServerTls(
            new TlsOptions
            {
                LocalCertificate = _files.Certificate,
                RemoteCertificateMode = mode,
                RemoteCertificateValidation = (_, _, errors) => errors == SslPolicyErrors.None,
                OnAuthenticateAsServer = (_, options) =>
                {
                    var server = (SslServerAuthenticationOptions)options.SslServerAuthenticationOptions;
                    server.CertificateChainPolicy = _files.NewPolicy();
                    // The context takes the place of what Orleans has set; SslStream allows one of them.
                    server.ServerCertificate = null;
                    server.ServerCertificateSelectionCallback = null;
                    server.ServerCertificateContext = _files.Context;
                },
            }
        );

    private void UseClient(IConnectionBuilder builder) =>
        builder.UseClientTls(
            new TlsOptions
            {
                LocalCertificate = _files.Certificate,
                RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
                RemoteCertificateValidation = (_, _, errors) => Accepts(errors),
                OnAuthenticateAsClient = (_, options) =>
                    Configure((SslClientAuthenticationOptions)options.SslClientAuthenticationOptions),
            }
        );
}
