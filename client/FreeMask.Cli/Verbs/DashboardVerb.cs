using System.CommandLine;
using FreeMask.Cli.Dashboards;
using FreeMask.Cli.Terminal;
using FreeMask.Dashboard.Engines;
using Microsoft.Extensions.Logging.Abstractions;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask dashboard</c>: shows and controls runs in a browser.</summary>
internal static class DashboardVerb
{
    internal static Command Create(VerbHost host)
    {
        var (port, open) = (Port(), Open());
        var listen = new Option<string?>("--listen")
        {
            Description =
                "The address to listen on, such as http://0.0.0.0:8080. Any but loopback needs sign-in: the environment variable "
                    + "FREEMASK_Dashboard__OperatorToken, or FREEMASK_Dashboard__OpenIdConnect__Authority and __ClientId. Default: "
                    + "http://127.0.0.1.",
            HelpName = "URL",
        };
        return host.Handle(
            new Command("dashboard", "Show and control the runs of a data folder or cluster in a browser.")
            {
                port,
                listen,
                open,
                host.Device,
                host.TrainingDevice,
            },
            async (parsed, context, stop) =>
            {
                if (parsed.GetValue(listen) is not null && parsed.GetValue(port) is not null)
                    throw new FreeMaskException("--listen names the port already; leave out --port.");
                var source = new ReopeningEngineSource(
                    context.Cluster is { } cluster ? $"cluster {cluster}" : context.Data.Root,
                    token => host.OpenEngineAsync(context, token),
                    context.Time,
                    NullLogger<ReopeningEngineSource>.Instance
                );
                string address;
                await using (
                    var server = await DashboardServer.StartAsync(
                        source,
                        context,
                        host.Bundles,
                        parsed.GetValue(listen),
                        parsed.GetValue(port),
                        stop
                    )
                )
                {
                    address = Announce(host, context, server, parsed.GetValue(open));
                    context.WriteMessage("Ctrl-C ends it; runs that this process works on stop cleanly and can be resumed.");
                    await new ProductKeeper(source, context, host.Bundles).WorkAsync(stop);
                }

                return new VerbResult(new { address }, _ => { });
            }
        );
    }

    /// <summary>The port on loopback.</summary>
    internal static Option<int?> Port() =>
        new Option<int?>("--port")
        {
            Description = "The port of the dashboard on this machine; 0 for a free one. Default: 5180, or a free one if that is taken.",
            HelpName = "PORT",
        }.Within(0, 65535);

    /// <summary>Whether to open a browser.</summary>
    internal static Option<bool> Open() => new("--open") { Description = "Open the dashboard in the browser." };

    /// <summary>Says where the dashboard is, and opens it if that is wanted.</summary>
    internal static string Announce(VerbHost host, CommandContext context, DashboardServer server, bool open)
    {
        context.WriteMessage($"Dashboard: {server.Address}");
        if (open && !host.OpenDocument(server.Address))
            context.WriteMessage("No browser could be started here; open the address with one.");
        return server.Address;
    }
}
