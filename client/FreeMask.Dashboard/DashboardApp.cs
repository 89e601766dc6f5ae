using FreeMask.Dashboard.Api;
using FreeMask.Dashboard.Components;
using FreeMask.Dashboard.Engines;
using FreeMask.Dashboard.Inspection;
using FreeMask.Dashboard.Reports;
using FreeMask.Dashboard.Resources;
using FreeMask.Dashboard.Security;
using FreeMask.Dashboard.Services;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.HttpOverrides;
using MudBlazor.Services;

namespace FreeMask.Dashboard;

/// <summary>What the dashboard shows and where.</summary>
internal sealed record DashboardSetup
{
    /// <summary>The engine.</summary>
    public required IEngineSource Source { get; init; }

    /// <summary>Starts runs; null where that is not possible.</summary>
    public IRunStarter? Starter { get; init; }

    /// <summary>Adds paths of products to documents.</summary>
    public RunDescriber Describe { get; init; } = (document, _, status) => document with { Notes = [.. status.Notes] };

    /// <summary>Addresses to listen on, such as <c>http://127.0.0.1:0</c> for a free port.</summary>
    public required IReadOnlyList<string> Urls { get; init; }

    /// <summary>Who may do what.</summary>
    public DashboardOptions Options { get; init; } = new();

    /// <summary>The folder of reports that the command line wrote; null for none.</summary>
    public string? Reports { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Configures logging; null for none.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }
}

/// <summary>The dashboard as a web application.</summary>
internal static class DashboardApp
{
    /// <summary>The port on loopback, if it is free.</summary>
    internal const int Port = 5180;

    /// <summary>Makes the application.</summary>
    /// <exception cref="FreeMaskException">It would serve others without sign-in.</exception>
    internal static WebApplication Create(DashboardSetup setup)
    {
        AddressCheck.Require(setup.Urls, setup.Options);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls([.. setup.Urls]);
        setup.Logging?.Invoke(builder.Logging);
        // It warns that keys are not encrypted; they are in memory only.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        var services = builder.Services;
        services.AddRouting();
        services.AddSingleton(setup.Time);
        services.AddSingleton(setup.Source);
        if (setup.Source is IHostedService hosted) services.AddSingleton(hosted);
        if (setup.Starter is { } starter) services.AddSingleton(starter);
        services.AddSingleton(setup.Describe);
        services.AddSingleton(new ReportDirectory(setup.Reports));
        services.AddSingleton<RunFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<RunFeed>());
        services.AddSingleton<SampleTables>();
        services.AddSingleton<SampleRecords>();
        services.AddSingleton<SampleImages>();
        services.AddSingleton<ClusterFeed>();
        services.AddSingleton<ExportJobs>();
        services.AddSingleton(provider => new RunControl(
            setup.Source,
            provider.GetRequiredService<RunFeed>(),
            provider.GetRequiredService<ILogger<RunControl>>(),
            setup.Starter
        ));
        services.AddOrleansPages();
        services.AddDashboardSignIn(setup.Options);
        services.AddDataProtection();
        services.Configure<KeyManagementOptions>(o => o.XmlRepository = new MemoryKeys());
        services.AddOpenApi();
        // A change of a run file sends its whole text.
        services.AddRazorComponents().AddInteractiveServerComponents()
            .AddHubOptions(options => options.MaximumReceiveMessageSize = 2 * RunControl.LargestFile);
        // After the components, which register one that never ends a session.
        services.AddScoped<AuthenticationStateProvider, SessionState>();
        services.AddMudServices();

        var app = builder.Build();
        if (setup.Options.TrustForwardedHeaders) app.UseForwardedHeaders(OfProxy());
        app.UseRequestGuard(setup.Options);
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapGet("/health/live", () => Results.Text("the process answers\n")).ExcludeFromDescription();
        app.MapAssets();
        app.MapSignIn(setup.Options);
        app.MapApi(setup.Time);
        app.MapOpenApi().RequireAuthorization(Policies.Look);
        app.MapReports();
        app.MapOrleansPages();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(o => o.ContentSecurityFrameAncestorsPolicy = "'none'")
            .RequireAuthorization(Policies.Look);
        return app;
    }

    // The proxy of a cluster has no address that is known beforehand.
    private static ForwardedHeadersOptions OfProxy()
    {
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        return options;
    }

    /// <summary>The address that the application listens on, once it has started.</summary>
    internal static string AddressOf(WebApplication app) =>
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
}
