using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using FreeMask.Dashboard.Engines;
using FreeMask.Dashboard.Security;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace FreeMask.Dashboard.Tests.Security;

/// <summary>Who may do what, by HTTP. There are no runs behind it: refusals come before them.</summary>
public sealed partial class SignInTests
{
    private const string OperatorToken = "operator-token-0123456789", ViewerToken = "viewer-token-0123456789";

    private static readonly DashboardOptions WithTokens = new() { OperatorToken = OperatorToken, ViewerToken = ViewerToken };

    [Fact]
    public async Task Without_a_token_nothing_is_shown()
    {
        await using var site = await Site.StartAsync(WithTokens);
        foreach (var path in (string[])["/api/v1/runs", "/api/v1/cluster", "/api/v1/events", "/api/v1/reports"])
            Assert.Equal(HttpStatusCode.Unauthorized, (await site.Client.GetAsync(path)).StatusCode);
        foreach (var path in (string[])["/", "/cluster", "/runs/a", "/reports/a", "/openapi/v1.json"])
        {
            var answer = await site.Client.GetAsync(path);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
            Assert.StartsWith("/sign-in?returnUrl=", answer.Headers.Location!.PathAndQuery, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.OK, (await site.Client.GetAsync("/health/live")).StatusCode);
    }

    [Theory]
    [InlineData(ViewerToken, HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData(OperatorToken, HttpStatusCode.OK, HttpStatusCode.BadRequest)]
    [InlineData("another-token-0123456789", HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized)]
    public async Task Viewers_look_and_operators_change(string token, HttpStatusCode look, HttpStatusCode change)
    {
        await using var site = await Site.StartAsync(WithTokens);
        site.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        Assert.Equal(look, (await site.Client.GetAsync("/api/v1/runs")).StatusCode);
        Assert.Equal(look, (await site.Client.GetAsync("/")).StatusCode);
        Assert.Equal(change, (await site.Client.PostAsJsonAsync("/api/v1/runs/a/pause", new { })).StatusCode);
        Assert.Equal(change, (await site.Client.DeleteAsync("/api/v1/runs/a")).StatusCode);
    }

    [Fact]
    public async Task A_user_signs_in_with_a_form_that_is_protected_and_signs_out()
    {
        await using var site = await Site.StartAsync(WithTokens);
        var form = await site.Client.GetStringAsync("/sign-in?returnUrl=%2Fcluster");
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync("none", OperatorToken)).StatusCode);
        var field = FormToken().Match(form).Groups[1].Value;
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(field, "<script>")).StatusCode);
        var signed = await SendAsync(field, ViewerToken);
        Assert.Equal("/cluster", signed.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.OK, (await site.Client.GetAsync("/api/v1/runs")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await site.Client.PostAsJsonAsync("/api/v1/runs/a/pause", new { })).StatusCode);

        Task<HttpResponseMessage> SendAsync(string protection, string token) => site.Client.PostAsync(
            "/sign-in",
            new FormUrlEncodedContent([new("__RequestVerificationToken", protection), new("token", token), new("returnUrl", "/cluster")])
        );
    }

    [Fact]
    public async Task Other_sites_change_nothing_and_do_not_reach_the_dashboard_under_their_name()
    {
        await using var site = await Site.StartAsync(new DashboardOptions());
        foreach (var (name, value) in new[] { ("Sec-Fetch-Site", "cross-site"), ("Origin", "https://example.org"), ("Origin", "null") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/runs/a/pause") { Content = JsonContent.Create(new { }) };
            request.Headers.Add(name, value);
            Assert.Equal(HttpStatusCode.Forbidden, (await site.Client.SendAsync(request)).StatusCode);
        }

        using var renamed = new HttpRequestMessage(HttpMethod.Get, "/api/v1/runs");
        renamed.Headers.Host = "example.org";
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await site.Client.SendAsync(renamed)).StatusCode);
    }

    [Fact]
    public async Task Every_answer_forbids_inline_scripts_and_foreign_frames()
    {
        await using var site = await Site.StartAsync(new DashboardOptions());
        foreach (var path in (string[])["/", "/assets/app.js", "/api/v1/nothing"])
        {
            var policy = string.Join(' ', (await site.Client.GetAsync(path)).Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        }

        Assert.DoesNotMatch(InlineScript(), await site.Client.GetStringAsync("/"));
    }

    [Fact]
    public async Task A_provider_of_OpenID_Connect_is_asked()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        var options = new DashboardOptions
        {
            OpenId = new OpenIdOptions { Authority = provider.Address, ClientId = "dashboard", RequireHttps = false },
        };
        await using var site = await Site.StartAsync(options);
        var answer = await site.Client.GetAsync("/sign-in/openid?returnUrl=%2F");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        var target = answer.Headers.Location!;
        Assert.Equal($"{provider.Address}/authorize", target.GetLeftPart(UriPartial.Path));
        Assert.Contains("client_id=dashboard", target.Query, StringComparison.Ordinal);
        Assert.Contains("code_challenge=", target.Query, StringComparison.Ordinal);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();

    [GeneratedRegex("<script(?![^>]*\\ssrc=)[^>]*>|\\son\\w+=", RegexOptions.IgnoreCase)]
    private static partial Regex InlineScript();

    private sealed class Site : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private Site(WebApplication app)
        {
            _app = app;
            Client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false })
            {
                BaseAddress = new Uri(DashboardApp.AddressOf(app)),
            };
        }

        public HttpClient Client { get; }

        public static async Task<Site> StartAsync(DashboardOptions options)
        {
            var app = DashboardApp.Create(new DashboardSetup
            {
                Source = new EngineSource("nothing", () => null),
                Urls = ["http://127.0.0.1:0"],
                Options = options,
            });
            await app.StartAsync();
            return new Site(app);
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }
}
