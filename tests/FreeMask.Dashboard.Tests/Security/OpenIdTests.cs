using FreeMask.Dashboard.Security;
using FreeMask.Dashboard.Tests.Browser;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace FreeMask.Dashboard.Tests.Security;

/// <summary>Sign-in at a provider of OpenID Connect in a browser, from the first page to the last.</summary>
public sealed class OpenIdTests(Chromium chromium, MiniDashboard dashboard) : IAsyncDisposable
{
    private const string Paused = $"/runs/{MiniDashboard.Paused}";

    private readonly ShiftedTime _time = new();
    private OpenIdProvider? _provider;
    private WebApplication? _site;
    private IBrowserContext? _window;

    public async ValueTask DisposeAsync()
    {
        if (_window is not null) await _window.DisposeAsync();
        if (_site is not null) await _site.DisposeAsync();
        if (_provider is not null) await _provider.DisposeAsync();
    }

    [Fact]
    public async Task A_viewer_looks_and_changes_nothing_and_signs_out()
    {
        var page = await SignInAsync("viewer");
        Assert.Equal(1, _provider!.Exchanges);
        await Expect(page).ToHaveURLAsync($"{DashboardApp.AddressOf(_site!)}{Paused}");
        // The name is text, whatever the provider says.
        await Expect(page.GetByTestId("user")).ToHaveTextAsync("Ada <i>viewer</i>, viewer");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(MiniDashboard.Paused);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToHaveCountAsync(0);
        Assert.Equal(200, await StatusAsync(page, "GET", Paused));
        Assert.Equal(403, await StatusAsync(page, "POST", $"{Paused}/pause"));
        Assert.Equal(403, await StatusAsync(page, "DELETE", Paused));

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Sign in with your organisation" })).ToBeVisibleAsync();
        Assert.Equal(401, await StatusAsync(page, "GET", Paused));
        await page.GotoAsync("/");
        Assert.Contains("/sign-in?returnUrl=", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operator_has_the_controls()
    {
        var page = await SignInAsync("operator");
        await Expect(page.GetByTestId("user")).ToHaveTextAsync("Ada <i>operator</i>, operator");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeVisibleAsync();
        // Allowed, and refused for what it is: the run is paused already.
        Assert.Equal(400, await StatusAsync(page, "POST", $"{Paused}/pause"));
    }

    [Fact]
    public async Task An_open_page_ends_with_its_session()
    {
        var page = await SignInAsync("operator");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToBeVisibleAsync();
        await Expect(page.Locator("html[data-live]")).ToHaveCountAsync(1);
        _time.Ahead = SessionState.Length + TimeSpan.FromMinutes(1);

        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("Your session has ended; sign in again.");
        Assert.Equal(401, await StatusAsync(page, "GET", Paused));
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with your organisation" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "operator" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(MiniDashboard.Paused);
    }

    [Fact]
    public async Task A_token_of_another_issuer_is_refused()
    {
        var page = await SignInAsync("operator", provider => provider.Issuer = "http://127.0.0.1:1/other");
        await AssertRefusedAsync(page, "names another issuer");
    }

    [Fact]
    public async Task A_token_with_a_wrong_signature_is_refused()
    {
        var page = await SignInAsync("operator", provider => provider.SignsWrongly = true);
        await AssertRefusedAsync(page, "is not signed with a key of");
    }

    [Fact]
    public async Task An_account_without_a_role_and_one_that_the_provider_refuses_are_told_so()
    {
        var page = await SignInAsync("nobody");
        await AssertRefusedAsync(page, "neither the role 'viewer' nor 'operator' (claim 'roles')");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with your organisation" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "refuse" }).ClickAsync();
        await AssertRefusedAsync(page, "The provider did not let you in");
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_is_told()
    {
        var page = await OpenAsync();
        await _provider!.DisposeAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with your organisation" }).ClickAsync();
        await AssertRefusedAsync(page, "does not answer. Try again later.");
    }

    private async Task AssertRefusedAsync(IPage page, string reason)
    {
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(reason);
        Assert.Equal(401, await StatusAsync(page, "GET", Paused));
    }

    private static async Task<int> StatusAsync(IPage page, string method, string path) =>
        (await page.APIRequest.FetchAsync($"/api/v1{path}", new() { Method = method, DataObject = method == "POST" ? new { } : null }))
            .Status;

    /// <summary>The sign-in page, as somebody sees it who opens a run's page.</summary>
    private async Task<IPage> OpenAsync()
    {
        _provider = await OpenIdProvider.StartAsync();
        _site = await dashboard.CreateAsync(
            new DashboardOptions
            {
                OpenId = new OpenIdOptions
                {
                    Authority = _provider.Address,
                    ClientId = OpenIdProvider.Client,
                    ClientSecret = OpenIdProvider.Secret,
                    ViewerRole = "viewer",
                    RequireHttps = false,
                },
            },
            _time
        );
        await _site.StartAsync();
        _window = await chromium.OpenAsync(DashboardApp.AddressOf(_site));
        var page = await _window.NewPageAsync();
        await page.GotoAsync(Paused);
        return page;
    }

    private async Task<IPage> SignInAsync(string account, Action<OpenIdProvider>? change = null)
    {
        var page = await OpenAsync();
        change?.Invoke(_provider!);
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with your organisation" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = account }).ClickAsync();
        return page;
    }
}
