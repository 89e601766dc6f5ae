using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace FreeMask.Dashboard.Security;

/// <summary>Sign-in at a provider of OpenID Connect: the code flow with PKCE. A sign-in that fails ends on the sign-in page, with the
/// reason.</summary>
internal static partial class OpenIdSignIn
{
    internal static void Use(OpenIdConnectOptions to, OpenIdOptions from)
    {
        to.SignInScheme = Policies.Cookie;
        to.Authority = from.Authority;
        to.ClientId = from.ClientId;
        to.ClientSecret = from.ClientSecret;
        to.RequireHttpsMetadata = from.RequireHttps;
        to.ResponseType = OpenIdConnectResponseType.Code;
        // By a redirect. A form that the provider's page sends is a change that another site asks for, which is refused, and its cookies
        // would be refused without TLS.
        to.ResponseMode = OpenIdConnectResponseMode.Query;
        foreach (var cookie in (CookieBuilder[])[to.CorrelationCookie, to.NonceCookie])
            (cookie.SameSite, cookie.SecurePolicy) = (SameSiteMode.Lax, CookieSecurePolicy.SameAsRequest);
        to.UsePkce = true;
        to.MapInboundClaims = false;
        to.TokenValidationParameters.NameClaimType = "name";
        to.Events.OnTokenValidated = context =>
        {
            var identity = (ClaimsIdentity)context.Principal!.Identity!;
            var role = RoleOf(identity, from);
            // Only the configured claim makes a role of the dashboard.
            foreach (var claim in identity.FindAll(identity.RoleClaimType).ToList()) identity.RemoveClaim(claim);
            if (role is not null) identity.AddClaim(new Claim(identity.RoleClaimType, role));
            else context.Fail(new NoRoleException(from));
            return Task.CompletedTask;
        };
        to.Events.OnRemoteFailure = async context =>
        {
            context.HandleResponse();
            var services = context.HttpContext.RequestServices;
            LogFailed(services.GetRequiredService<ILogger<OpenIdConnectHandler>>(), context.Failure, from.Authority);
            await RefuseAsync(context.HttpContext, context.Properties?.RedirectUri, ReasonOf(context.Failure, from.Authority));
        };
    }

    /// <summary>Sends the user to the provider.</summary>
    internal static async Task<IResult> BeginAsync(HttpContext context, string returnUrl)
    {
        try
        {
            await context.ChallengeAsync(Policies.OpenId, new AuthenticationProperties { RedirectUri = returnUrl });
            return Results.Empty;
        }
        catch (InvalidOperationException exception)
        {
            // Its description cannot be read.
            var authority = context.RequestServices.GetRequiredService<DashboardOptions>().OpenId!.Authority;
            LogFailed(context.RequestServices.GetRequiredService<ILogger<OpenIdConnectHandler>>(), exception, authority);
            return SignIn.Page(
                context,
                returnUrl,
                $"The provider {authority} does not answer. Try again later.",
                StatusCodes.Status503ServiceUnavailable
            );
        }
    }

    private static string? RoleOf(ClaimsIdentity identity, OpenIdOptions options)
    {
        var roles = identity.FindAll(options.RoleClaim).Select(c => c.Value).ToHashSet(StringComparer.Ordinal);
        return roles.Contains(options.OperatorRole) ? Policies.Operator
            : options.ViewerRole.Length == 0 || roles.Contains(options.ViewerRole) ? Policies.Viewer
            : null;
    }

    private static Task RefuseAsync(HttpContext context, string? returnUrl, string reason) =>
        SignIn.Page(context, returnUrl, reason, StatusCodes.Status401Unauthorized).ExecuteAsync(context);

    private static string ReasonOf(Exception? failure, string authority) => failure switch
    {
        NoRoleException => failure.Message,
        SecurityTokenInvalidIssuerException =>
            $"The token of the provider names another issuer than {authority}; nobody is signed in. The dashboard's setting "
                + "Dashboard:OpenIdConnect:Authority must be the provider's issuer.",
        SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException =>
            $"The token is not signed with a key of {authority}; nobody is signed in.",
        SecurityTokenInvalidAudienceException => "The token of the provider is for another client; nobody is signed in.",
        SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenInvalidLifetimeException =>
            "The token of the provider is not valid at this time; the clocks of provider and dashboard differ.",
        OpenIdConnectProtocolException => "The provider did not let you in. Sign in again, or ask who runs the provider.",
        _ => "The sign-in did not succeed: it took too long, or began in another browser. Sign in again; the dashboard's log has the "
            + "reason.",
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sign-in at {Authority} failed")]
    private static partial void LogFailed(ILogger logger, Exception? exception, string authority);

    /// <summary>The provider let the user in, and the dashboard does not.</summary>
    private sealed class NoRoleException(OpenIdOptions options) : Exception(
        $"Your account has neither the role '{options.ViewerRole}' nor '{options.OperatorRole}' (claim '{options.RoleClaim}'); "
            + "ask who runs the dashboard."
    );
}
