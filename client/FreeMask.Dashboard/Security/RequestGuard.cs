using System.Net;

namespace FreeMask.Dashboard.Security;

/// <summary>Headers of every answer, and requests that are refused before anything else sees them.</summary>
internal static class RequestGuard
{
    // Styles: MudBlazor writes its theme and positions into the page. Scripts come from files of this site alone.
    private const string ContentSecurity =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; "
        + "connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    internal static void UseRequestGuard(this WebApplication app, DashboardOptions options)
    {
        app.Use(async (context, next) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurity;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            // Probes of an orchestrator use the address of the pod.
            if (!IsKnownHost(context.Request.Host.Host, options) && !context.Request.Path.StartsWithSegments("/health"))
            {
                context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
                await context.Response.WriteAsync("This name does not belong to the dashboard; Dashboard:Hosts names those that do.\n");
                return;
            }

            if (!IsSafe(context.Request.Method) && IsFromElsewhere(context.Request))
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                await context.Response.WriteAsync("Requests of other sites may not change anything.\n");
                return;
            }

            await next(context);
        });
    }

    /// <summary>
    /// Whether the name that a browser used is one of this site. Without sign-in only loopback is: a page of another site could have its
    /// own name resolved to this machine.
    /// </summary>
    internal static bool IsKnownHost(string host, DashboardOptions options)
    {
        var bare = host.Trim('[', ']');
        if (bare == "localhost" || (IPAddress.TryParse(bare, out var ip) && IPAddress.IsLoopback(ip))) return true;
        if (!options.HasSignIn) return false;
        return options.Hosts.Count == 0 || options.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase);
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    /// <summary>Whether a browser says that another site makes the request. Programs say nothing.</summary>
    private static bool IsFromElsewhere(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site) return site is not ("same-origin" or "none");
        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority == request.Host.Value);
    }
}
