using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FreeMask.Silo.Tests.Services;

/// <summary>An authority that issues certificates for the silos and clients of a test.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly string _folder;
    private readonly X509Certificate2 _certificate;

    /// <summary>Makes the authority and writes its certificate.</summary>
    public TestAuthority(string folder, string name)
    {
        _folder = folder;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddDays(-10), now.AddDays(10));
        File.WriteAllText(CertificateFile = Path.Combine(folder, $"{name}.pem"), _certificate.ExportCertificatePem());
    }

    /// <summary>The PEM file of its certificate.</summary>
    public string CertificateFile { get; }

    /// <summary>Issues a certificate as PEM files.</summary>
    /// <param name="name">The name, also of the files.</param>
    /// <param name="days">When it expires, in days from now.</param>
    /// <param name="uses">Extended key usages; those of server and client if there are none.</param>
    public (string Certificate, string Key) Issue(string name, double days = 5, params string[] uses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = Sign(name, days, key, uses);
        var (certificate, keyFile) = (Path.Combine(_folder, $"{name}.crt"), Path.Combine(_folder, $"{name}.key"));
        File.WriteAllText(certificate, made.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (certificate, keyFile);
    }

    /// <summary>Issues a certificate as a PFX file with a password.</summary>
    public string IssuePfx(string name, string password)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = Sign(name, 5, key, []);
        using var own = made.CopyWithPrivateKey(key);
        var file = Path.Combine(_folder, $"{name}.pfx");
        File.WriteAllBytes(file, own.Export(X509ContentType.Pkcs12, password));
        return file;
    }

    public void Dispose() => _certificate.Dispose();

    private X509Certificate2 Sign(string name, double days, ECDsa key, string[] uses)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("silos.test");
        request.CertificateExtensions.Add(names.Build());
        var oids = new OidCollection();
        if (uses is []) uses = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];
        foreach (var use in uses) oids.Add(new Oid(use));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, false));
        var now = TimeProvider.System.GetUtcNow();
        return request.Create(_certificate, now.AddDays(-9), now.AddDays(days), RandomNumberGenerator.GetBytes(8));
    }
}
