using System.Globalization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace FreeMask.Dashboard.Security;

/// <summary>
/// The user of an open page, until the session ends. A page talks over one connection, so that no request would ever tell it that its
/// cookie has expired.
/// </summary>
internal sealed class SessionState(ILoggerFactory logger, TimeProvider time) : RevalidatingServerAuthenticationStateProvider(logger)
{
    /// <summary>The claim that has the end of the session, in seconds since 1970 (UTC).</summary>
    internal const string EndClaim = "freemask-session-end";

    /// <summary>How long a user stays signed in.</summary>
    internal static readonly TimeSpan Length = TimeSpan.FromHours(12);

    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(5);

    protected override Task<bool> ValidateAuthenticationStateAsync(
        AuthenticationState authenticationState,
        CancellationToken cancellationToken
    ) =>
        Task.FromResult(
            authenticationState.User.FindFirst(EndClaim)?.Value is not { } end
                || time.GetUtcNow() < DateTimeOffset.FromUnixTimeSeconds(long.Parse(end, CultureInfo.InvariantCulture))
        );
}
