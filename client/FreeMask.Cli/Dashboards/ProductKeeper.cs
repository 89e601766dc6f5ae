using FreeMask.Cli.Bundles;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Sessions;
using FreeMask.Cli.Terminal;
using FreeMask.Dashboard.Engines;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;

namespace FreeMask.Cli.Dashboards;

/// <summary>Writes the products of runs that this process works on for the dashboard, as <c>freemask run</c> does for its own.</summary>
/// <param name="source">The engine of the dashboard.</param>
/// <param name="context">The data folder.</param>
/// <param name="bundles">The bundles of this process.</param>
internal sealed class ProductKeeper(IEngineSource source, CommandContext context, BundleCatalog bundles)
{
    private static readonly TimeSpan Check = TimeSpan.FromSeconds(1);

    private readonly HashSet<string> _done = new(StringComparer.Ordinal);

    /// <summary>Writes until it is stopped.</summary>
    internal async Task WorkAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (source.Current is { IsRemote: false, IsReadOnly: false } engine) await WriteAsync(engine, stop);
            await Task.Delay(Check, context.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WriteAsync(IEngine engine, CancellationToken stop)
    {
        try
        {
            foreach (var id in await engine.Directory.List())
            {
                if (!source.WorksOn(id) || _done.Contains(id)) continue;
                var reader = await RunReader.OpenAsync(engine, id);
                if (reader.Status.State != RunState.Completed) continue;
                _done.Add(id);
                var folder = new RunFolder(context.Data, id);
                if (!File.Exists(folder.Report)) await new RunProducts(reader, folder, context, bundles).WriteAsync(stop);
            }
        }
        catch (Exception exception)
            when (exception
                is FreeMaskException
                    or ArtifactStoreException
                    or IOException
                    or UnauthorizedAccessException
                    or TimeoutException
            )
        {
            context.WriteMessage($"Not all that a run leaves could be written: {exception.Message.Split('\n')[0]}");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // 'freemask resume' writes what is missing.
        }
    }
}
