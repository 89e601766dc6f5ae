using FreeMask.Silo.Tests.Services;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>The stores of a cluster.</summary>
public enum Provider
{
    /// <summary>Everything in Redis.</summary>
    Redis,

    /// <summary>Everything in PostgreSQL.</summary>
    PostgreSql,

    /// <summary>Everything in tables of Azure Storage.</summary>
    AzureTable,

    /// <summary>State in blobs of Azure Storage, clustering and reminders in its tables.</summary>
    AzureBlob,
}

/// <summary>Configurations of clusters, as a user would write them.</summary>
internal static class Providers
{
    private static readonly string[] Sections = ["Clustering", "Reminders", "GrainStorage:coordination", "GrainStorage:samples"];

    /// <summary>The service of a provider.</summary>
    public static string ServiceOf(Provider provider) => provider switch
    {
        Provider.Redis => "redis",
        Provider.PostgreSql => "postgresql",
        _ => "azurite",
    };

    /// <summary>The settings of a cluster with a unique name.</summary>
    public static async Task<Dictionary<string, string>> SettingsAsync(LocalServices services, Provider provider, string cluster) =>
        SettingsOf(provider, cluster, provider switch
        {
            Provider.Redis => await services.RedisAsync(),
            Provider.PostgreSql => await services.PostgreSqlAsync(),
            _ => await services.AzuriteAsync(),
        });

    /// <summary>The settings of a cluster whose store is at a connection string.</summary>
    public static Dictionary<string, string> SettingsOf(Provider provider, string cluster, string connection)
    {
        var settings = new Dictionary<string, string>
        {
            ["Orleans:ClusterId"] = cluster,
            ["Orleans:ServiceId"] = cluster,
            ["Orleans:Endpoints:AdvertisedIPAddress"] = "127.0.0.1",
            ["ConnectionStrings:state"] = connection,
        };
        foreach (var section in Sections)
        {
            settings[$"Orleans:{section}:ProviderType"] = TypeOf(provider, section);
            settings[$"Orleans:{section}:ConnectionName"] = "state";
            if (provider == Provider.PostgreSql) settings[$"Orleans:{section}:Invariant"] = "Npgsql";
        }

        return settings;
    }

    private static string TypeOf(Provider provider, string section) => provider switch
    {
        Provider.Redis => "Redis",
        Provider.PostgreSql => "AdoNet",
        Provider.AzureBlob when section.StartsWith("GrainStorage", StringComparison.Ordinal) => "AzureBlobStorage",
        _ => "AzureTableStorage",
    };
}
