using System.Security.Cryptography;
using System.Text;
using FreeMask.Grains;
using FreeMask.Hosting.Configuration;
using Orleans.Configuration;
using Orleans.Storage;

namespace FreeMask.Hosting.Storage;

/// <summary>
/// The sections of <c>Orleans</c> that are in Azure Storage. Orleans would make its clients with the package's newest version of the API,
/// slow retries and no credential; they are registered here instead, under the section's name.
/// </summary>
internal static class AzureGrainStorage
{
    /// <summary>The provider types.</summary>
    public const string Tables = "AzureTableStorage",
        Blobs = "AzureBlobStorage";

    // Orleans' provider divides a record into at most 15 properties of 64 KiB, the most that an entity of 1 MiB has room for.
    private const int MaxTableRecord = 15 * 64 * 1024;

    // A container's name has at most 63 characters.
    private const string Suffix = "-state";
    private const int MaxPrefix = 63 - 6,
        HashLength = 10;

    private static readonly string[] All =
    [
        "Orleans:Clustering",
        "Orleans:Reminders",
        $"Orleans:GrainStorage:{StorageNames.Coordination}",
        $"Orleans:GrainStorage:{StorageNames.Samples}",
    ];

    /// <summary>Registers the clients of all sections that are in Azure Storage, and sets their defaults.</summary>
    /// <exception cref="FreeMaskException">A connection string cannot be used; the message names its section.</exception>
    public static void AddAzureGrainStorage(this IServiceCollection services, IConfiguration configuration)
    {
        AzureConnection.AddCredential(services);
        // A removed run leaves no record, as in the other stores.
        services.PostConfigureAll<AzureTableStorageOptions>(options => options.DeleteStateOnClear = true);
        services.AddSingleton<OrleansGrainStorageSerializer>();
        services.AddKeyedSingleton<IGrainStorageSerializer, CompressedRecordSerializer>(CompressedRecordSerializer.Key);
        var limited = IsTable(configuration, $"Orleans:GrainStorage:{StorageNames.Coordination}");
        services.AddSingleton(new RecordLimit(limited ? MaxTableRecord : null));
        foreach (var section in SectionsOf(configuration))
        {
            if (IsTable(configuration, section))
                configuration[$"{section}:SerializerKey"] ??= CompressedRecordSerializer.Key;
            if (
                configuration[$"{section}:ServiceKey"] is not null
                || ProviderCheck.ConnectionStringOf(configuration, section) is not { } text
            )
                continue;
            var connection = new AzureConnection(section, text);
            if (IsTable(configuration, section))
                services.AddKeyedSingleton(section, (provider, _) => connection.OpenTables(provider));
            else
                services.AddKeyedSingleton(section, (provider, _) => connection.OpenBlobs(provider));
            configuration[$"{section}:ServiceKey"] = section;
            if (IsTable(configuration, section))
                continue;
            // Blobs of grain state are named after their grain alone; each service needs a container of its own.
            configuration[$"{section}:ContainerName"] ??= ContainerOf(configuration["Orleans:ServiceId"] ?? "");
        }
    }

    /// <summary>The sections that are in Azure Storage.</summary>
    public static IEnumerable<string> SectionsOf(IConfiguration configuration) =>
        All.Where(section => configuration[$"{section}:ProviderType"] is Tables or Blobs);

    /// <summary>Whether a section is in tables; otherwise it is in blobs.</summary>
    public static bool IsTable(IConfiguration configuration, string section) => configuration[$"{section}:ProviderType"] == Tables;

    /// <summary>
    /// The default container of a service's grain state: <c>SERVICE-state</c>. A service id that is not a container's name gets a hash.
    /// </summary>
    internal static string ContainerOf(string service)
    {
        var name = new StringBuilder();
        foreach (var letter in service.ToLowerInvariant())
        {
            if (letter is (>= 'a' and <= 'z') or (>= '0' and <= '9'))
                name.Append(letter);
            else if (name.Length > 0 && name[^1] != '-')
                name.Append('-');
        }

        var plain = name.ToString().Trim('-');
        if (plain == service && plain.Length is > 0 and <= MaxPrefix)
            return plain + Suffix;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(service)))[..HashLength];
        var most = MaxPrefix - HashLength - 1;
        var prefix = (plain.Length > most ? plain[..most] : plain).Trim('-');
        return prefix.Length == 0 ? hash + Suffix : $"{prefix}-{hash}{Suffix}";
    }
}
