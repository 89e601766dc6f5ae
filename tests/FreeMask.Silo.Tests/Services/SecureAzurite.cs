using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Azure.Core.Pipeline;

namespace FreeMask.Silo.Tests.Services;

/// <summary>An Azurite that is reached by https and takes tokens.</summary>
/// <param name="Tables">The address of its tables, without a secret.</param>
/// <param name="Blobs">The address of its blobs.</param>
/// <param name="Thumbprint">The thumbprint of its certificate, which nobody has signed.</param>
public sealed record SecureAzurite(string Tables, string Blobs, string Thumbprint)
{
    /// <summary>A transport that trusts the certificate, and no other.</summary>
    public HttpPipelineTransport Trusting()
    {
        var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate?.Thumbprint == Thumbprint,
        };
        return new HttpClientTransport(handler);
    }

    /// <summary>Writes a certificate for loopback and its key as PEM files.</summary>
    /// <returns>The thumbprint.</returns>
    public static async Task<string> WriteCertificateAsync(string certificate, string key)
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(certificate, made.ExportCertificatePem());
        await File.WriteAllTextAsync(key, rsa.ExportPkcs8PrivateKeyPem());
        return made.Thumbprint;
    }
}
