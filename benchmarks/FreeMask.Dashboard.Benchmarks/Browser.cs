using Microsoft.Playwright;

namespace FreeMask.Dashboard.Benchmarks;

/// <summary>A Chromium of its own, with the probe in every page.</summary>
internal sealed class Browser : IAsyncDisposable
{
    /// <summary>What every Chromium of the measurements is started with.</summary>
    internal static readonly string[] Flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];

    /// <summary>The program.</summary>
    internal static string Program => Environment.GetEnvironmentVariable("FREEMASK_CHROMIUM") ?? "/usr/bin/chromium";

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly ICDPSession _processes;

    private Browser(IPlaywright playwright, IBrowser browser, ICDPSession processes) =>
        (_playwright, _browser, _processes) = (playwright, browser, processes);

    internal static async Task<Browser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        playwright.Selectors.SetTestIdAttribute("data-test");
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Program,
            Args = Flags,
        });
        return new Browser(playwright, browser, await browser.NewBrowserCDPSessionAsync());
    }

    /// <summary>A window without cookies or a cache, at a path of the dashboard.</summary>
    internal async Task<IPage> OpenAsync(string address, string path)
    {
        var context = await _browser.NewContextAsync(
            new BrowserNewContextOptions { BaseURL = address, ViewportSize = new ViewportSize { Width = 1280, Height = 900 } }
        );
        using var reader = new StreamReader(typeof(Browser).Assembly.GetManifestResourceStream("probe.js")!);
        await context.AddInitScriptAsync(await reader.ReadToEndAsync());
        var page = await context.NewPageAsync();
        await page.GotoAsync(path);
        return page;
    }

    /// <summary>Seconds of processor time of all processes of the browser.</summary>
    internal async Task<double> CpuAsync()
    {
        var answer = await _processes.SendAsync("SystemInfo.getProcessInfo");
        return answer!.Value.GetProperty("processInfo").EnumerateArray().Sum(p => p.GetProperty("cpuTime").GetDouble());
    }

    /// <summary>Used JavaScript heap of a page in MiB, after a collection, and its number of nodes.</summary>
    internal static async Task<(double Heap, double Nodes)> HeapAsync(IPage page)
    {
        var session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("HeapProfiler.collectGarbage");
        await session.SendAsync("Performance.enable");
        var metrics = (await session.SendAsync("Performance.getMetrics"))!.Value.GetProperty("metrics").EnumerateArray()
            .ToDictionary(m => m.GetProperty("name").GetString()!, m => m.GetProperty("value").GetDouble());
        await session.DetachAsync();
        return (metrics["JSHeapUsedSize"] / 1048576, metrics["Nodes"]);
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync();
        _playwright.Dispose();
    }
}
