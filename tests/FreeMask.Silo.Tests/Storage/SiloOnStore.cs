using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Cluster;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace FreeMask.Silo.Tests.Storage;

/// <summary>A silo in this process whose state is in a real store, because stores open with their silo.</summary>
internal sealed class SiloOnStore(WebApplication app) : IAsyncDisposable
{
    public IServiceProvider Services => app.Services;

    /// <summary>Starts a silo.</summary>
    /// <param name="services">The stores.</param>
    /// <param name="provider">The store.</param>
    /// <param name="service">The service id.</param>
    /// <param name="folder">The data folder.</param>
    public static async Task<SiloOnStore> OpenAsync(LocalServices services, Provider provider, string service, string folder)
    {
        var settings = await Providers.SettingsAsync(services, provider, service);
        var (siloPort, gatewayPort) = Ports.Pair();
        settings["FreeMask:DataFolder"] = folder;
        string[] arguments =
        [
            .. settings.Select(s => $"--{s.Key}={s.Value}"),
            $"--Orleans:Endpoints:SiloPort={siloPort}",
            $"--Orleans:Endpoints:GatewayPort={gatewayPort}",
            "--urls=http://127.0.0.1:0",
            "--Logging:LogLevel:Default=None",
            "--Logging:LogLevel:Orleans=None",
        ];
        var app = SiloProgram.Build(SiloArguments.Parse(arguments), (_, _) => { });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new SiloOnStore(app);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
