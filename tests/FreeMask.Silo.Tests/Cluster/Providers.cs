using FreeMask.Silo.Tests.Services;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>The stores of a cluster.</summary>
public enum Provider
{
    /// <summary>Everything in Redis.</summary>
    Redis,

    /// <summary>Everything in PostgreSQL.</summary>
    PostgreSql,
}

/// <summary>Configurations of clusters, as a user would write them.</summary>
internal static class Providers
{
    /// <summary>The service of a provider.</summary>
    public static string ServiceOf(Provider provider) => provider == Provider.Redis ? "redis" : "postgresql";

    /// <summary>The settings of a cluster with a unique name.</summary>
    public static async Task<Dictionary<string, string>> SettingsAsync(LocalServices services, Provider provider, string cluster)
    {
        var settings = new Dictionary<string, string>
        {
            ["Orleans:ClusterId"] = cluster,
            ["Orleans:ServiceId"] = cluster,
            ["Orleans:Endpoints:AdvertisedIPAddress"] = "127.0.0.1",
            ["ConnectionStrings:state"] = provider == Provider.Redis ? await services.RedisAsync() : await services.PostgreSqlAsync(),
        };
        foreach (var section in new[] { "Clustering", "Reminders", "GrainStorage:coordination", "GrainStorage:samples" })
        {
            settings[$"Orleans:{section}:ProviderType"] = provider == Provider.Redis ? "Redis" : "AdoNet";
            settings[$"Orleans:{section}:ConnectionName"] = "state";
            if (provider == Provider.PostgreSql) settings[$"Orleans:{section}:Invariant"] = "Npgsql";
        }

        return settings;
    }
}
