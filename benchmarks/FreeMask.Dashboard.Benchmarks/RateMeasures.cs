using System.Globalization;

namespace FreeMask.Dashboard.Benchmarks;

/// <summary>The pipeline's rate with a grid and a run's page in two browsers, against the same with no page open.</summary>
internal static class RateMeasures
{
    internal static async Task RunAsync(int samples, int changes, int repetitions, TextWriter output)
    {
        await output.WriteLineAsync("browsers  samples/s  processor seconds: pipeline  dashboard  browsers");
        var rates = new Dictionary<bool, List<double>> { [false] = [], [true] = [] };
        for (var i = 0; i < 2 * repetitions; i++)
        {
            // A, B, B, A: a machine that slows down during the measurement favors neither.
            var watched = i % 4 is 1 or 2;
            rates[watched].Add(await OneAsync(samples, changes, watched, output));
        }

        var (with, without) = (rates[true].Average(), rates[false].Average());
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"mean {without:0} samples/s without, {with:0} with two browsers: {100 * (without - with) / without:0.0} % less; "
                + $"spread without {100 * (rates[false].Max() - rates[false].Min()) / without:0.0} %"
        ));
    }

    private static async Task<double> OneAsync(int samples, int changes, bool watched, TextWriter output)
    {
        await using var site = await Site.StartAsync(samples, changes);
        await using var grids = watched ? await Browser.StartAsync() : null;
        await using var runs = watched ? await Browser.StartAsync() : null;
        var before = site.Dashboard.Cpu;
        await site.Pipeline.GoAsync();
        var ended = site.Pipeline.ReadEndAsync();
        if (grids is not null && runs is not null)
            foreach (var (browser, path) in new[] { (grids, Site.Grid), (runs, $"/runs/{PipelineProgram.Run}") })
                await OpenWhenThereAsync(browser, site, path);
        var (seconds, cpu) = await ended;
        var browsers = grids is null ? 0 : await grids.CpuAsync() + await runs!.CpuAsync();
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{(watched ? "two" : "none"),-8}  {samples / seconds,9:0}  {cpu,27:0.0}  {site.Dashboard.Cpu - before,9:0.0}  {browsers,8:0.0}"
        ));
        return samples / seconds;
    }

    /// <summary>A page says that there is no such run until the run has been started.</summary>
    private static async Task OpenWhenThereAsync(Browser browser, Site site, string path)
    {
        using var client = new HttpClient { BaseAddress = new Uri(site.Address) };
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!(await client.GetAsync($"/api/v1{Site.Grid}?limit=1", patience.Token)).IsSuccessStatusCode)
            await Task.Delay(50, patience.Token);
        await browser.OpenAsync(site.Address, path);
    }
}
