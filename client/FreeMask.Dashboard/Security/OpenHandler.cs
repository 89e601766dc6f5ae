using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace FreeMask.Dashboard.Security;

/// <summary>On loopback without sign-in, everybody who reaches the dashboard is its operator.</summary>
internal sealed class OpenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
        Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(Tokens.Identity(Policies.Operator), Scheme.Name)));
}

/// <summary>The token of the header <c>Authorization: Bearer TOKEN</c>.</summary>
internal sealed class BearerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    DashboardOptions dashboard
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    internal const string Prefix = "Bearer ";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) return Task.FromResult(AuthenticateResult.NoResult());
        return Task.FromResult(
            Tokens.RoleOf(dashboard, header[Prefix.Length..].Trim()) is { } role
                ? AuthenticateResult.Success(new AuthenticationTicket(Tokens.Identity(role), Scheme.Name))
                : AuthenticateResult.Fail("The token is not valid.")
        );
    }
}

/// <summary>Tokens and what they allow.</summary>
internal static class Tokens
{
    /// <summary>The role of a token; null if it is none.</summary>
    internal static string? RoleOf(DashboardOptions options, string token) =>
        Equal(options.OperatorToken, token) ? Policies.Operator
        : Equal(options.ViewerToken, token) ? Policies.Viewer
        : null;

    /// <summary>A user with a role.</summary>
    internal static ClaimsPrincipal Identity(string role) =>
        new(new ClaimsIdentity([new Claim(ClaimTypes.Name, role), new Claim(ClaimTypes.Role, role)], "token"));

    // Of hashes, so that neither content nor length of the token shows in the time that the comparison takes.
    private static bool Equal(string? expected, string given) =>
        expected is not null && System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(Hash(expected), Hash(given));

    private static byte[] Hash(string text) =>
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text));
}
