using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace FreeMask.Dashboard.Security;

/// <summary>Authentication, authorization and the page where users sign in.</summary>
internal static class SignIn
{
    internal const string Path = "/sign-in";

    private const string Outdated = "The form is out of date; load the page again.";

    internal static void AddDashboardSignIn(this IServiceCollection services, DashboardOptions options)
    {
        services.AddSingleton(options);
        var authentication = services
            .AddAuthentication(Policies.Choice)
            .AddPolicyScheme(Policies.Choice, null, choice => choice.ForwardDefaultSelector = context => Choose(options, context))
            .AddScheme<AuthenticationSchemeOptions, OpenHandler>(Policies.Open, null)
            .AddScheme<AuthenticationSchemeOptions, BearerHandler>(Policies.Bearer, null)
            .AddCookie(Policies.Cookie, UseCookie);
        if (options.OpenId is { } provider) authentication.AddOpenIdConnect(Policies.OpenId, o => OpenIdSignIn.Use(o, provider));
        services
            .AddAuthorizationBuilder()
            .AddPolicy(Policies.Look, p => p.RequireRole(Policies.Viewer, Policies.Operator))
            .AddPolicy(Policies.Change, p => p.RequireRole(Policies.Operator))
            .SetFallbackPolicy(null);
        services.AddAntiforgery(o => o.Cookie.Name = "freemask-antiforgery");
        services.AddCascadingAuthenticationState();
    }

    internal static void MapSignIn(this WebApplication app, DashboardOptions options)
    {
        if (!options.HasSignIn) return;
        app.MapGet(Path, (HttpContext context, string? returnUrl, bool ended = false) =>
            Page(context, returnUrl, ended ? "Your session has ended; sign in again." : null));
        app.MapPost(Path, async (HttpContext context, IAntiforgery antiforgery) =>
        {
            if (!await antiforgery.IsRequestValidAsync(context)) return Results.BadRequest(Outdated);
            var form = await context.Request.ReadFormAsync();
            var target = form["returnUrl"].ToString();
            if (Tokens.RoleOf(options, form["token"].ToString().Trim()) is not { } role)
                return Page(context, target, "This token is not valid.", StatusCodes.Status401Unauthorized);
            await context.SignInAsync(Policies.Cookie, Tokens.Identity(role));
            return Results.LocalRedirect(Local(target));
        });
        if (options.OpenId is not null)
            app.MapGet(Path + "/openid", (HttpContext context, string? returnUrl) => OpenIdSignIn.BeginAsync(context, Local(returnUrl)));
        app.MapPost("/sign-out", async (HttpContext context, IAntiforgery antiforgery) =>
        {
            if (!await antiforgery.IsRequestValidAsync(context)) return Results.BadRequest(Outdated);
            await context.SignOutAsync(Policies.Cookie);
            return Results.LocalRedirect(Path);
        });
    }

    /// <summary>The target if it is a path of this site; the first page otherwise, so that no link leads elsewhere.</summary>
    internal static string Local(string? target) =>
        target is { Length: > 0 } && target[0] == '/' && !target.StartsWith("//", StringComparison.Ordinal)
            && !target.StartsWith("/\\", StringComparison.Ordinal) && !target.Any(char.IsControl)
            ? target
            : "/";

    private static string Choose(DashboardOptions options, HttpContext context) =>
        !options.HasSignIn ? Policies.Open
        : context.Request.Headers.Authorization.ToString().StartsWith(BearerHandler.Prefix, StringComparison.OrdinalIgnoreCase)
            ? Policies.Bearer
            : Policies.Cookie;

    private static void UseCookie(CookieAuthenticationOptions cookie)
    {
        cookie.Cookie.Name = "freemask";
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.LoginPath = Path;
        cookie.ReturnUrlParameter = "returnUrl";
        cookie.ExpireTimeSpan = SessionState.Length;
        // An open page has to know the end, and does not learn of a cookie that requests renew.
        cookie.SlidingExpiration = false;
        cookie.Events.OnSigningIn = context =>
        {
            var end = context.Properties.ExpiresUtc!.Value.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            ((ClaimsIdentity)context.Principal!.Identity!).AddClaim(new Claim(SessionState.EndClaim, end));
            return Task.CompletedTask;
        };
        // Programs want a status, not a page.
        cookie.Events.OnRedirectToLogin = context => Redirect(context, StatusCodes.Status401Unauthorized);
        cookie.Events.OnRedirectToAccessDenied = context => Redirect(context, StatusCodes.Status403Forbidden);
    }

    private static Task Redirect(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        if (context.Request.Path.StartsWithSegments("/api") || status == StatusCodes.Status403Forbidden)
            context.Response.StatusCode = status;
        else context.Response.Redirect(context.RedirectUri);
        return Task.CompletedTask;
    }

    /// <summary>The page where users sign in.</summary>
    /// <param name="context">The request.</param>
    /// <param name="returnUrl">Where to go afterwards.</param>
    /// <param name="problem">Why the user is not signed in; null at first.</param>
    /// <param name="status">The status of the answer.</param>
    internal static IResult Page(HttpContext context, string? returnUrl, string? problem, int status = StatusCodes.Status200OK)
    {
        var options = context.RequestServices.GetRequiredService<DashboardOptions>();
        var antiforgery = context.RequestServices.GetRequiredService<IAntiforgery>();
        var html = HtmlEncoder.Default;
        var tokens = antiforgery.GetAndStoreTokens(context);
        var target = html.Encode(Local(returnUrl));
        var openId = options.OpenId is null
            ? ""
            : $"<p><a class=\"button\" href=\"{Path}/openid?returnUrl={Uri.EscapeDataString(Local(returnUrl))}\">Sign in with your "
                + "organisation</a></p>";
        var form = options.OperatorToken is null && options.ViewerToken is null
            ? ""
            : $"""
              <form method="post" action="{Path}">
                <input type="hidden" name="{html.Encode(tokens.FormFieldName)}" value="{html.Encode(tokens.RequestToken!)}" />
                <input type="hidden" name="returnUrl" value="{target}" />
                <label for="token">Token</label>
                <input id="token" name="token" type="password" autocomplete="current-password" required autofocus />
                <button type="submit">Sign in</button>
              </form>
              """;
        var alert = problem is null ? "" : $"<p role=\"alert\" class=\"problem\">{html.Encode(problem)}</p>";
        return Results.Content(
            $"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
            <title>Sign in · FreeMask</title><link rel="stylesheet" href="/assets/app.css" /></head>
            <body class="sign-in"><main><h1>FreeMask</h1>{alert}{openId}{form}</main></body></html>
            """,
            "text/html; charset=utf-8",
            statusCode: status
        );
    }
}
