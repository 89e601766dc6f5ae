using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace FreeMask.Dashboard.Tests.Security;

/// <summary>
/// A provider of OpenID Connect on loopback, as far as the code flow with PKCE needs one: its description, its keys, a page where the user
/// chooses an account, and the exchange of a code for a token, in which it checks client, secret, redirect address and code verifier.
/// </summary>
internal sealed class OpenIdProvider : IAsyncDisposable
{
    /// <summary>The only client.</summary>
    public const string Client = "dashboard", Secret = "client-secret-0123456789";

    private readonly WebApplication _app;
    private readonly RsaSecurityKey _key = NewKey("published"), _otherKey = NewKey("published");
    private readonly ConcurrentDictionary<string, Request> _codes = new(StringComparer.Ordinal);

    private OpenIdProvider(WebApplication app) => _app = app;

    /// <summary>Its address, which is its issuer.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The issuer that tokens name; null for the right one.</summary>
    public string? Issuer { get; set; }

    /// <summary>Whether tokens are signed with a key that is not published, under the name of one that is.</summary>
    public bool SignsWrongly { get; set; }

    /// <summary>Exchanges in which everything was as it must be.</summary>
    public int Exchanges { get; private set; }

    public static async Task<OpenIdProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var provider = new OpenIdProvider(app);
        app.MapGet("/.well-known/openid-configuration", provider.Describe);
        app.MapGet("/keys", provider.Keys);
        app.MapGet("/authorize", Choose);
        app.MapGet("/chosen", provider.Approve);
        app.MapPost("/token", provider.ExchangeAsync);
        await app.StartAsync();
        provider.Address = DashboardApp.AddressOf(app);
        return provider;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static RsaSecurityKey NewKey(string id) => new(RSA.Create(2048)) { KeyId = id };

    private Dictionary<string, object> Describe() => new()
    {
        ["issuer"] = Address,
        ["authorization_endpoint"] = $"{Address}/authorize",
        ["token_endpoint"] = $"{Address}/token",
        ["jwks_uri"] = $"{Address}/keys",
        ["response_types_supported"] = new[] { "code" },
        ["subject_types_supported"] = new[] { "public" },
        ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
    };

    private object Keys()
    {
        var key = _key.Rsa.ExportParameters(includePrivateParameters: false);
        return new
        {
            keys = new[]
            {
                new
                {
                    kty = "RSA",
                    use = "sig",
                    alg = "RS256",
                    kid = _key.KeyId,
                    n = WebEncoders.Base64UrlEncode(key.Modulus!),
                    e = WebEncoders.Base64UrlEncode(key.Exponent!),
                },
            },
        };
    }

    private static IResult Choose(HttpRequest request)
    {
        if (
            request.Query["client_id"] != Client || request.Query["response_type"] != "code"
            || request.Query["code_challenge_method"] != "S256"
        )
            return Results.BadRequest("This is no request of the dashboard.");
        var links = ((string[])["viewer", "operator", "nobody", "refuse"]).Select(name =>
            $"<li><a href=\"{HtmlEncoder.Default.Encode($"/chosen{request.QueryString}&account={name}")}\">{name}</a></li>");
        return Results.Content(
            $"<!DOCTYPE html><html lang=\"en\"><title>Provider</title><h1>Who are you?</h1><ul>{string.Concat(links)}</ul></html>",
            "text/html"
        );
    }

    private IResult Approve(HttpRequest request)
    {
        var answer = new Dictionary<string, string?> { ["state"] = request.Query["state"] };
        if (request.Query["account"] == "refuse")
        {
            answer["error"] = "access_denied";
        }
        else
        {
            var code = Guid.NewGuid().ToString("N");
            _codes[code] = new Request(
                request.Query["account"]!,
                request.Query["redirect_uri"]!,
                request.Query["nonce"]!,
                request.Query["code_challenge"]!
            );
            answer["code"] = code;
        }

        return Results.Redirect(QueryHelpers.AddQueryString(request.Query["redirect_uri"]!, answer));
    }

    private async Task<IResult> ExchangeAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        if (
            form["grant_type"] != "authorization_code" || form["client_id"] != Client || form["client_secret"] != Secret
            || !_codes.TryRemove(form["code"].ToString(), out var asked)
            || form["redirect_uri"] != asked.RedirectUri
            || WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))) != asked.Challenge
        )
            return Results.Json(new { error = "invalid_grant" }, statusCode: StatusCodes.Status400BadRequest);
        Exchanges++;
        return Results.Json(new { access_token = "opaque", token_type = "Bearer", expires_in = 300, id_token = TokenOf(asked) });
    }

    private string TokenOf(Request asked)
    {
        var claims = new List<Claim>
        {
            new("sub", $"id-of-{asked.Account}"),
            new("name", $"Ada <i>{asked.Account}</i>"),
            new("nonce", asked.Nonce),
            // It is not the configured claim, and gives no role.
            new(ClaimTypes.Role, "operator"),
        };
        if (asked.Account != "nobody") claims.Add(new Claim("roles", asked.Account));
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer ?? Address,
            Audience = Client,
            Subject = new ClaimsIdentity(claims),
            Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(5),
            SigningCredentials = new SigningCredentials(SignsWrongly ? _otherKey : _key, SecurityAlgorithms.RsaSha256),
        });
    }

    private sealed record Request(string Account, string RedirectUri, string Nonce, string Challenge);
}
