using System.Diagnostics;
using Microsoft.Playwright;
using Xunit;

[assembly: AssemblyFixture(typeof(FreeMask.Dashboard.Tests.Browser.Chromium))]

namespace FreeMask.Dashboard.Tests.Browser;

/// <summary>
/// Debian's Chromium, driven by Playwright. It is installed if it is absent and this user may do that; otherwise the tests that need it
/// are skipped with the reason.
/// </summary>
public sealed class Chromium : IAsyncDisposable
{
    private const float ExpectTimeout = 30_000;

    private static readonly string[] Flags =
        ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb", "--hide-scrollbars"];

    private readonly SemaphoreSlim _gate = new(1, 1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string? _reason;

    /// <summary>A window of its own: nothing is shared with other tests.</summary>
    /// <param name="address">The address that paths are relative to.</param>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    /// <param name="scheme">Light or dark.</param>
    public async Task<IBrowserContext> OpenAsync(string address, int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var browser = await StartAsync();
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(20_000);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.CloseAsync();
        _playwright?.Dispose();
        _gate.Dispose();
    }

    private async Task<IBrowser> StartAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_browser is not null) return _browser;
            if (_reason is not null) Assert.Skip(_reason);
            var program = Find() ?? await InstallAsync();
            if (program is null)
            {
                _reason = "There is no Chromium, and it cannot be installed here; 'apt-get install chromium' installs it.";
                Assert.Skip(_reason);
            }

            _playwright = await Playwright.CreateAsync();
            _playwright.Selectors.SetTestIdAttribute("data-test");
            // Five seconds by default, which a machine that also runs the other suites exceeds at times.
            Assertions.SetDefaultExpectTimeout(ExpectTimeout);
            return _browser = await _playwright.Chromium.LaunchAsync(
                new BrowserTypeLaunchOptions { ExecutablePath = program, Args = Flags }
            );
        }
        finally
        {
            _gate.Release();
        }
    }

    private static string? Find() =>
        new[] { Environment.GetEnvironmentVariable("FREEMASK_CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser" }
            .FirstOrDefault(File.Exists);

    private static async Task<string?> InstallAsync()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/apt-get") || Environment.UserName != "root") return null;
        const string command = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium";
        using var process = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        await output;
        return Find();
    }
}
