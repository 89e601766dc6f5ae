using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace FreeMask.Dashboard.Benchmarks;

/// <summary>
/// What a user of the grid waits for. A change's age is the time between the end of the stage, by the clock of the silo, and the frame in
/// which the sample has left a grid that shows those before the stage; both are clocks of this machine.
/// </summary>
internal static class PageMeasures
{
    private const int Paints = 9, Choices = 12;

    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(20), Patience = TimeSpan.FromSeconds(30);

    internal static async Task RunAsync(int samples, int changes, TextWriter output)
    {
        await using var site = await Site.StartAsync(samples, changes);
        await using var browser = await Browser.StartAsync();
        await site.Pipeline.GoAsync();
        var ended = site.Pipeline.ReadEndAsync();
        await WaitForSamplesAsync(site);
        await using var plain = PlainBrowser.Open($"{site.Address}{Site.Grid}?inWork=true");
        await PaintAsync(browser, site, "while it runs", output);
        await AgesAsync(browser, site, output);
        await ChoicesAsync(browser, site, "while it runs", output);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"page of changing samples: {plain.PageMemory:0} MiB private memory of its process"
        ));
        var (seconds, cpu) = await ended;
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"run: {samples} samples in {seconds:0.0} s, {5 * samples / seconds:0} changes/s, {cpu:0.0} s of processor time"
        ));
        await PaintAsync(browser, site, "at rest", output);
        await ChoicesAsync(browser, site, "at rest", output);
        await MemoryAsync(browser, site, output);
    }

    private static async Task WaitForSamplesAsync(Site site)
    {
        using var client = new HttpClient { BaseAddress = new Uri(site.Address) };
        using var patience = new CancellationTokenSource(Patience);
        while ((await client.GetAsync($"/api/v1{Site.Grid}?limit=1&state=masked", patience.Token)) is { IsSuccessStatusCode: false } answer)
        {
            answer.Dispose();
            await Task.Delay(100, patience.Token);
        }
    }

    private static async Task PaintAsync(Browser browser, Site site, string when, TextWriter output)
    {
        var (tiles, images) = (new List<double>(), new List<double>());
        for (var i = 0; i < Paints; i++)
        {
            var page = await browser.OpenAsync(site.Address, Site.Grid);
            await page.WaitForFunctionAsync("() => probe.firstTile && probe.firstImages");
            tiles.Add(await page.EvaluateAsync<double>("() => probe.firstTile"));
            images.Add(await page.EvaluateAsync<double>("() => probe.firstImages"));
            await page.Context.CloseAsync();
        }

        await output.WriteLineAsync(
            $"first paint {when}, ms after the request: tiles {Numbers.Describe(tiles)}; pictures of the window {Numbers.Describe(images)}"
        );
    }

    private static async Task AgesAsync(Browser browser, Site site, TextWriter output)
    {
        var page = await browser.OpenAsync(site.Address, $"{Site.Grid}?state=planned");
        await page.WaitForFunctionAsync("() => probe.firstTile");
        await page.EvaluateAsync("() => { probe.watchesGone = true; }");
        await page.WaitForTimeoutAsync((float)Watched.TotalMilliseconds);
        var gone = await page.EvaluateAsync<double[][]>("() => probe.gone");
        await page.Context.CloseAsync();
        var ages = new List<double>();
        using var client = new HttpClient { BaseAddress = new Uri(site.Address) };
        foreach (var seen in gone)
        {
            using var sample = JsonDocument.Parse(
                await client.GetStringAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1{Site.Grid}/{seen[0]:0}"))
            );
            if (sample.RootElement.GetProperty("endedAt").TryGetProperty("generate", out var end))
                ages.Add(seen[1] - end.GetDateTimeOffset().ToUnixTimeMilliseconds());
        }

        await output.WriteLineAsync($"age of a change when it is seen, ms: {Numbers.Describe(ages)}");
    }

    private static async Task ChoicesAsync(Browser browser, Site site, string when, TextWriter output)
    {
        var page = await browser.OpenAsync(site.Address, Site.Grid);
        await page.WaitForFunctionAsync("() => probe.firstTile");
        var times = new List<double>();
        for (var i = 0; i < Choices; i++)
        {
            await page.GetByLabel("Class", new() { Exact = true }).ClickAsync();
            await page.Locator(".mud-popover-open .mud-list-item").Filter(new LocatorFilterOptions { HasText = i % 2 == 0 ? "cat" : "dog" })
                .ClickAsync();
            await page.WaitForFunctionAsync("() => probe.changed");
            times.Add(await page.EvaluateAsync<double>("() => probe.changed - probe.click"));
        }

        await page.Context.CloseAsync();
        await output.WriteLineAsync($"filter by class {when}, ms from the choice to its frame: {Numbers.Describe(times)}");
    }

    private static async Task MemoryAsync(Browser browser, Site site, TextWriter output)
    {
        var page = await browser.OpenAsync(site.Address, Site.Grid);
        await page.WaitForFunctionAsync("() => probe.firstImages");
        const int screens = 200;
        for (var i = 1; i <= screens; i++)
        {
            await page.EvaluateAsync("share => scrollTo(0, document.documentElement.scrollHeight * share)", i / (double)(screens + 1));
            await page.WaitForTimeoutAsync(100);
        }

        var (heap, nodes) = await Browser.HeapAsync(page);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"page after {screens} screens: {heap:0} MiB of JavaScript objects, {nodes:0} nodes; server {site.Dashboard.Memory:0} MiB"
        ));
    }
}
