using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace FreeMask.Hosting.Security;

/// <summary>
/// Finds out why a silo that listens cannot be reached: Orleans reports that a connection was closed, and no more. Used only where TLS may
/// be the cause.
/// </summary>
internal static class TlsDiagnosis
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <summary>Explains it by a connection of its own; null if TLS is not the cause, or if it cannot be told.</summary>
    /// <param name="silo">The gateway of a silo, or its port for other silos.</param>
    /// <param name="tls">The own TLS; null if there is none.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    public static async Task<string?> ExplainAsync(IPEndPoint silo, ClusterTls? tls, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            return await TryAsync(silo, tls, timeout.Token);
        }
        catch (Exception exception)
            when (exception is SocketException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            // It is not there, or frozen.
            return null;
        }
    }

    private static async Task<string?> TryAsync(IPEndPoint silo, ClusterTls? tls, CancellationToken cancellationToken)
    {
        using var socket = new Socket(silo.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(silo, cancellationToken);
        string? distrust = null;
        await using var network = new NetworkStream(socket);
        await using var stream = new SslStream(
            network,
            leaveInnerStreamOpen: true,
            (_, certificate, chain, errors) =>
            {
                if (tls?.Accepts(errors) == true) return true;
                distrust = Distrust(silo, tls, certificate, chain, errors);
                return false;
            }
        );
        var options = new SslClientAuthenticationOptions();
        tls?.Configure(options);
        try
        {
            await stream.AuthenticateAsClientAsync(options, cancellationToken);
            // In TLS 1.3 the silo checks a certificate after the handshake of its owner. If it accepts it, it waits for a first message.
            var closed = await stream.ReadAsync(new byte[1], cancellationToken) == 0;
            return closed ? Refusal(silo, tls!) : null;
        }
        catch (AuthenticationException) when (distrust is not null)
        {
            return distrust;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            if (stream.IsAuthenticated) return Refusal(silo, tls!);
            return tls is null
                ? null
                : $"the silo at {silo} does not speak TLS; give it the section {TlsFiles.Section} too, or remove it here.";
        }
    }

    /// <summary>The silo does not say more than that it closes the connection.</summary>
    private static string Refusal(IPEndPoint silo, ClusterTls tls) =>
        tls.CertificateFile is { } file
            ? $"the silo at {silo} refuses the certificate of {TlsFiles.Section}:Certificate, '{file}'; use one that is valid and that an "
                + "authority of the silos issued."
            : $"the silo at {silo} asks for a certificate; set {TlsFiles.Section}:Certificate to one that an authority of the silos "
                + "issued.";

    private static string Distrust(
        IPEndPoint silo,
        ClusterTls? tls,
        X509Certificate? certificate,
        X509Chain? chain,
        SslPolicyErrors errors
    )
    {
        if (tls is null)
            return $"the silo at {silo} speaks TLS; set {TlsFiles.Section}:Authority, and {TlsFiles.Section}:Certificate if it asks for "
                + "one.";
        if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            return $"the certificate of the silo at {silo} does not contain the name {TlsFiles.Section}:ServerName, '{tls.ServerName}'; "
                + "correct the name, or issue the silo a certificate with it.";
        var status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        if (status == X509ChainStatusFlags.NotTimeValid)
            return $"the certificate of the silo at {silo} is not valid at this time (its end is "
                + $"{certificate?.GetExpirationDateString()}); renew it and start the silo again, or correct this machine's clock.";
        return $"the certificate of the silo at {silo} is not issued by an authority in {TlsFiles.Section}:Authority, or not for a server "
            + $"({status}); correct {TlsFiles.Section}:Authority, or renew the silo's certificate.";
    }
}
