using System.Net;
using System.Net.Sockets;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Dashboard;
using FreeMask.Dashboard.Engines;
using FreeMask.Dashboard.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace FreeMask.Cli.Dashboards;

/// <summary>The dashboard in the process of the command line.</summary>
internal sealed class DashboardServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DashboardServer(WebApplication app, string address) => (_app, Address) = (app, address);

    /// <summary>Where it is served, such as <c>http://127.0.0.1:5180</c>.</summary>
    internal string Address { get; }

    /// <summary>Starts serving.</summary>
    /// <param name="source">The engine that is shown.</param>
    /// <param name="context">The data folder.</param>
    /// <param name="bundles">The bundles of this process.</param>
    /// <param name="listen">The address to listen on; null for loopback.</param>
    /// <param name="port">The port on loopback, 0 for a free one; null for the usual one, or a free one if that is taken.</param>
    /// <param name="stop">Cancels the start.</param>
    /// <exception cref="FreeMaskException">The address cannot be used, or would be open to everybody.</exception>
    internal static async Task<DashboardServer> StartAsync(
        IEngineSource source,
        CommandContext context,
        BundleCatalog bundles,
        string? listen,
        int? port,
        CancellationToken stop
    )
    {
        var url = listen ?? $"http://127.0.0.1:{port ?? (IsFree(DashboardApp.Port) ? DashboardApp.Port : 0)}";
        var notes = new PromptNotes(bundles);
        var app = DashboardApp.Create(
            new DashboardSetup
            {
                Source = source,
                Starter = new RunStarter(source, context, bundles),
                Describe = (document, spec, status) =>
                {
                    lock (notes)
                        return new RunFolder(context.Data, status.Run).Describe(document) with
                        {
                            Notes = [.. status.Notes, .. notes.Of(spec)],
                        };
                },
                Urls = [url],
                Options = DashboardOptions.Read(new ConfigurationBuilder().AddEnvironmentVariables("FREEMASK_").Build()),
                Reports = context.Data.Root,
                Logging = logging => logging
                    .AddProvider(new FileLog(context.Data, TimeProvider.System, LogLevel.Information, context.Log))
                    .AddFilter("Microsoft", LogLevel.Warning)
                    .AddFilter("Orleans", LogLevel.Warning),
            }
        );
        try
        {
            await app.StartAsync(stop);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw new FreeMaskException($"The dashboard cannot listen on {url}: {exception.Message.Split('\n')[0]}", exception);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new DashboardServer(app, DashboardApp.AddressOf(app));
    }

    /// <summary>Stops serving; open pages say that there is no answer.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
