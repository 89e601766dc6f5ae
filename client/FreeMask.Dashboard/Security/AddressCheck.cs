using System.Net;

namespace FreeMask.Dashboard.Security;

/// <summary>Checks the addresses that the dashboard listens on.</summary>
internal static class AddressCheck
{
    /// <summary>Whether an address is reached from this machine only.</summary>
    internal static bool IsLoopback(string address)
    {
        var host = HostOf(address);
        return host == "localhost" || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
    }

    /// <summary>Refuses to serve others without sign-in.</summary>
    /// <param name="addresses">Addresses such as <c>http://127.0.0.1:8080</c>.</param>
    /// <param name="options">Who may do what.</param>
    /// <exception cref="FreeMaskException">An address is not loopback and nobody has to sign in.</exception>
    internal static void Require(IEnumerable<string> addresses, DashboardOptions options)
    {
        if (options.HasSignIn || addresses.FirstOrDefault(a => !IsLoopback(a)) is not { } open) return;
        throw new FreeMaskException(
            $"The dashboard would serve '{open}' to everybody who reaches it. Set Dashboard:OperatorToken (and Dashboard:ViewerToken for "
                + "those who only look) or Dashboard:OpenIdConnect, or listen on http://127.0.0.1."
        );
    }

    // http://+:8080 and http://*:80 are no URIs.
    private static string HostOf(string address)
    {
        var rest = address[(address.IndexOf("://", StringComparison.Ordinal) is var at and >= 0 ? at + 3 : 0)..].Split('/')[0];
        if (rest.StartsWith('[')) return rest[1..rest.IndexOf(']', StringComparison.Ordinal)];
        var colon = rest.LastIndexOf(':');
        return colon < 0 ? rest : rest[..colon];
    }
}
