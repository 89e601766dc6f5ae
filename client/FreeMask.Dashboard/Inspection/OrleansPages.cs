using FreeMask.Dashboard.Engines;
using FreeMask.Dashboard.Security;
using Orleans.Dashboard;

namespace FreeMask.Dashboard.Inspection;

/// <summary>
/// Orleans' own dashboard, for those who want grains: under <c>/orleans</c>, where the silos have it (<c>FreeMask:OrleansDashboard</c>).
/// </summary>
internal static class OrleansPages
{
    /// <summary>Where it is.</summary>
    internal const string Path = "/orleans";

    // The package keeps this type to itself.
    private const string ClientName = "IDashboardClient";

    internal static void AddOrleansPages(this IServiceCollection services)
    {
        // Its log stream is that of this process, which is for its operator alone.
        new ClientServices(services).AddDashboard(o => o.HideTrace = true);
        // One client for good would hold on to a connection; here that is replaced when the process behind it ends.
        var client = services.Single(s => s.ServiceType.Name == ClientName);
        services.Remove(client);
        services.AddTransient(client.ServiceType, client.ImplementationType!);
        services.AddSingleton(new ClientType(client.ServiceType));
        services.AddTransient(provider =>
        {
            var source = provider.GetRequiredService<IEngineSource>();
            return source.Current?.Grains ?? throw new SiloUnavailableException(source.Problem ?? "The runs are not open yet.");
        });
    }

    internal static void MapOrleansPages(this WebApplication app)
    {
        app.Use(async (context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments(Path, out var rest))
            {
                await next(context);
                return;
            }

            // It calls methods of any grain by reflection.
            var problem = rest.StartsWithSegments("/GrainState")
                ? "The states of grains are not shown; the pages of runs and samples have them."
                : ProblemOf(app.Services);
            if (problem is null)
            {
                await next(context);
                return;
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync(problem + "\n");
        });
        app.MapOrleansDashboard(Path).RequireAuthorization(Policies.Look).ExcludeFromDescription();
    }

    /// <summary>Why there is nothing to show; null if there is something.</summary>
    internal static string? ProblemOf(IServiceProvider services)
    {
        try
        {
            services.GetRequiredService(services.GetRequiredService<ClientType>().Type);
            return null;
        }
        catch (SiloUnavailableException unavailable)
        {
            return unavailable.Message;
        }
        catch (ArgumentException)
        {
            // No silo has its grains.
            return "The silos do not have Orleans' dashboard; FreeMask:OrleansDashboard=true in their configuration adds it.";
        }
    }

    private sealed record ClientType(Type Type);

    /// <summary>What the package adds itself to.</summary>
    private sealed class ClientServices(IServiceCollection services) : IClientBuilder
    {
        public IServiceCollection Services => services;

        public IConfiguration Configuration { get; } = new ConfigurationBuilder().Build();
    }
}
