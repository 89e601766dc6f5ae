using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FreeMask.Hosting.Security;

/// <summary>The certificate, the key and the authorities of section <c>FreeMask:Tls</c>, read and checked once.</summary>
internal sealed class TlsFiles
{
    /// <summary>The configuration section.</summary>
    public const string Section = "FreeMask:Tls";

    private const string ServerUse = "1.3.6.1.5.5.7.3.1",
        ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2Collection _roots = [],
        _intermediates = [];

    private TlsFiles(X509Certificate2Collection authorities)
    {
        foreach (var authority in authorities)
            (authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData) ? _roots : _intermediates).Add(authority);
    }

    /// <summary>The file of the certificate; null without one.</summary>
    public string? CertificateFile { get; private init; }

    /// <summary>The certificate with its key; null for a client without one.</summary>
    public X509Certificate2? Certificate { get; private init; }

    /// <summary>The certificate with the intermediate authorities that are sent along.</summary>
    public SslStreamCertificateContext? Context { get; private init; }

    /// <summary>Reads the files.</summary>
    /// <param name="section">The section.</param>
    /// <param name="isSilo">Whether a certificate must be there and serve both ends of a connection.</param>
    /// <exception cref="FreeMaskException">A file is missing, or what it holds cannot be used; the message names the key.</exception>
    public static TlsFiles Read(IConfigurationSection section, bool isSilo)
    {
        var authorities = ReadAuthorities(section["Authority"]);
        var path = section["Certificate"];
        if (string.IsNullOrEmpty(path))
            return isSilo
                ? throw new FreeMaskException(
                    $"{Section}:Certificate is missing: a silo of a cluster with TLS needs a certificate, as a PFX or a PEM file."
                )
                : new TlsFiles(authorities);
        var (certificate, sent) = Load("Certificate", path, () => ReadCertificate(path, section["Key"], section["Password"]));
        var files = new TlsFiles(authorities)
        {
            CertificateFile = path,
            Certificate = certificate,
            Context = SslStreamCertificateContext.Create(certificate, sent, offline: true),
        };
        files.Check(certificate, sent, path, isSilo, section["ServerName"]);
        return files;
    }

    /// <summary>Trusts the configured authorities only. Revocation lists are not fetched, because a cluster may have no way out.</summary>
    public X509ChainPolicy NewPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_roots);
        policy.ExtraStore.AddRange(_intermediates);
        return policy;
    }

    private static X509Certificate2Collection ReadAuthorities(string? path)
    {
        if (string.IsNullOrEmpty(path))
            throw new FreeMaskException(
                $"{Section}:Authority is missing: TLS needs a PEM file of the authorities that issue the certificates of the cluster."
            );
        var authorities = Load("Authority", path, () =>
        {
            var read = new X509Certificate2Collection();
            read.ImportFromPemFile(path);
            return read;
        });
        return authorities.Count > 0
            ? authorities
            : throw new FreeMaskException($"{Section}:Authority is '{path}', which holds no certificate: it must be a PEM file.");
    }

    private static (X509Certificate2 Certificate, X509Certificate2Collection Sent) ReadCertificate(
        string path,
        string? key,
        string? password
    )
    {
        var sent = new X509Certificate2Collection();
        if (Path.GetExtension(path).ToLowerInvariant() is ".pfx" or ".p12")
        {
            sent = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
            var own = sent.FirstOrDefault(certificate => certificate.HasPrivateKey)
                ?? throw new CryptographicException("It holds no certificate with a private key.");
            sent.Remove(own);
            return (own, sent);
        }

        key = string.IsNullOrEmpty(key) ? path : key;
        if (!File.Exists(key)) throw new FileNotFoundException($"the file of {Section}:Key, '{key}', does not exist.");
        sent.ImportFromPemFile(path);
        var pem = string.IsNullOrEmpty(password)
            ? X509Certificate2.CreateFromPemFile(path, key)
            : X509Certificate2.CreateFromEncryptedPemFile(path, password, key);
        foreach (var same in sent.Where(certificate => certificate.Thumbprint == pem.Thumbprint).ToList()) sent.Remove(same);
        if (!OperatingSystem.IsWindows()) return (pem, sent);
        // On Windows TLS cannot use a key that is in memory only.
        using (pem) return (X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null), sent);
    }

    private static T Load<T>(string key, string path, Func<T> read)
    {
        if (!File.Exists(path)) throw new FreeMaskException($"{Section}:{key} is '{path}', which does not exist.");
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            var more = key == "Certificate" ? $" {Section}:Key and {Section}:Password must fit it." : "";
            throw new FreeMaskException(
                $"{Section}:{key} is '{path}', which cannot be used: {exception.Message.Split('\n')[0].TrimEnd()}{more}",
                exception
            );
        }
    }

    private void Check(X509Certificate2 certificate, X509Certificate2Collection sent, string path, bool isSilo, string? name)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var (from, to) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        if (now > to) throw Refuse($"expired at {to:u}; renew it and start again");
        if (now < from) throw Refuse($"is valid only from {from:u}; check this machine's clock, or use another one");
        var uses = certificate
            .Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .FirstOrDefault()
            ?.EnhancedKeyUsages.Cast<Oid>()
            .Select(use => use.Value)
            .ToList();
        if (uses is not null && !uses.Contains(ClientUse))
            throw Refuse("is not for client authentication: issue one with that extended key usage");
        if (!isSilo) return;
        if (uses is not null && !uses.Contains(ServerUse))
            throw Refuse("is not for server authentication: issue one with the extended key usages of server and client");
        using var chain = new X509Chain { ChainPolicy = NewPolicy() };
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        if (!chain.Build(certificate))
            throw Refuse(
                $"is not one of the authorities in {Section}:Authority, so that other silos would refuse it: "
                    + chain.ChainStatus.Select(status => status.StatusInformation.Trim()).FirstOrDefault()
            );

        if (!string.IsNullOrEmpty(name) && !certificate.MatchesHostname(name))
            throw Refuse($"does not contain the name {Section}:ServerName, '{name}', so that other silos and clients would refuse it");

        FreeMaskException Refuse(string why) => new($"The certificate of {Section}:Certificate, '{path}', {why}.");
    }
}
