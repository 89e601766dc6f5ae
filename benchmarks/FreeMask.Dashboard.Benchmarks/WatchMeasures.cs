using System.Globalization;

namespace FreeMask.Dashboard.Benchmarks;

/// <summary>Memory of the dashboard's server while two pages watch a run, once a minute.</summary>
internal static class WatchMeasures
{
    internal static async Task RunAsync(int minutes, int samples, int changes, string file, TextWriter output)
    {
        await using var site = await Site.StartAsync(samples, changes);
        await using var browser = await Browser.StartAsync();
        await site.Pipeline.GoAsync();
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), TimeProvider.System);
        // The first tick is also the time in which the run begins.
        await timer.WaitForNextTickAsync();
        // Samples that a device has now: every reading of the states brings other ones.
        var grid = await browser.OpenAsync(site.Address, $"{Site.Grid}?inWork=true");
        await using var plain = PlainBrowser.Open($"{site.Address}{Site.Grid}?inWork=true");
        await using var lines = new StreamWriter(file, append: false) { AutoFlush = true };
        await lines.WriteLineAsync(
            "minute,serverMiB,serverPrivateMiB,serverCpuSeconds,pipelineMiB,gridHeapMiB,gridNodes,pageMiB,seenTotal"
        );
        for (var minute = 0; minute <= minutes; minute++)
        {
            var (heap, nodes) = await Browser.HeapAsync(grid);
            var total = await grid.GetByTestId("total").TextContentAsync();
            await lines.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{minute},{site.Dashboard.Memory:0.0},{site.Dashboard.PrivateMemory:0.0},{site.Dashboard.Cpu:0.0},"
                    + $"{site.Pipeline.Memory:0.0},{heap:0.0},{nodes:0},"
                    + $"{plain.PageMemory:0.0},{total?.Replace(",", "", StringComparison.Ordinal)}"
            ));
            if (site.Pipeline.HasEnded) break;
            await timer.WaitForNextTickAsync();
        }

        await output.WriteLineAsync($"{minutes} minutes are in {file}");
    }
}
