using FreeMask.Grains;

namespace FreeMask.Hosting.Configuration;

/// <summary>Checks section <c>Orleans</c> before Orleans reads it: the messages of Orleans name neither the key nor the remedy.</summary>
internal static class ProviderCheck
{
    private static readonly string[] OnServers = ["Redis", "AzureRedisCache", "AdoNet", "AzureTableStorage", "AzureBlobStorage"];
    private static readonly string[] Clustering = ["Redis", "AzureRedisCache", "AdoNet", "AzureTableStorage"];
    private static readonly string[] Reminders = ["Redis", "AzureRedisCache", "AdoNet", "AzureTableStorage"];
    private static readonly string[] GrainStorage =
    [
        "Sqlite",
        "Redis",
        "AzureRedisCache",
        "AdoNet",
        "AzureTableStorage",
        "AzureBlobStorage",
    ];

    /// <summary>Checks the configuration of a silo.</summary>
    /// <exception cref="FreeMaskException">Something is missing or unknown; the message names its key.</exception>
    public static void CheckSilo(IConfiguration configuration)
    {
        if (!IsClustered(configuration)) return;
        CheckClient(configuration);
        Check(configuration, "Orleans:Reminders", Reminders);
        foreach (var name in new[] { StorageNames.Coordination, StorageNames.Samples })
        {
            var section = $"Orleans:GrainStorage:{name}";
            Check(configuration, section, GrainStorage);
            if (configuration[$"{section}:ProviderType"] == "Sqlite")
                throw new FreeMaskException(
                    $"{section}:ProviderType is 'Sqlite', which only a silo that stands alone can use; silos of a cluster share their "
                        + $"state in {Choices(OnServers)}."
                );
        }
    }

    /// <summary>Checks the configuration of a client.</summary>
    /// <exception cref="FreeMaskException">Something is missing or unknown; the message names its key.</exception>
    public static void CheckClient(IConfiguration configuration) => Check(configuration, "Orleans:Clustering", Clustering);

    /// <summary>Whether silos find each other through a shared table; otherwise there is one silo.</summary>
    public static bool IsClustered(IConfiguration configuration) =>
        configuration.GetSection("Orleans:Clustering").Exists() && configuration["Orleans:Clustering:ProviderType"] != "Development";

    private static void Check(IConfiguration configuration, string section, string[] known)
    {
        var type = configuration[$"{section}:ProviderType"];
        if (type is null) throw new FreeMaskException($"{section}:ProviderType is missing: a cluster needs it to be {Choices(known)}.");
        if (!known.Contains(type, StringComparer.Ordinal))
            throw new FreeMaskException($"{section}:ProviderType is '{type}'; it can be {Choices(known)}.");
        if (type == "AdoNet" && configuration[$"{section}:Invariant"] != "Npgsql")
            throw new FreeMaskException(
                $"{section}:Invariant is '{configuration[$"{section}:Invariant"]}'; with AdoNet it must be 'Npgsql' (PostgreSQL)."
            );
        if (!OnServers.Contains(type, StringComparer.Ordinal) || configuration[$"{section}:ServiceKey"] is not null) return;
        if (string.IsNullOrEmpty(ConnectionStringOf(configuration, section)))
            throw new FreeMaskException(
                $"{section} says where nothing is: set {section}:ConnectionString, or {section}:ConnectionName to an entry of "
                    + "ConnectionStrings."
            );
    }

    /// <summary>The connection string of a provider section, its own or the one that it refers to.</summary>
    public static string? ConnectionStringOf(IConfiguration configuration, string section) =>
        configuration[$"{section}:ConnectionString"] is { Length: > 0 } own ? own
        : configuration[$"{section}:ConnectionName"] is { Length: > 0 } name ? configuration.GetConnectionString(name)
        : null;

    private static string Choices(string[] known) => string.Join(", ", known[..^1]) + " or " + known[^1];
}
