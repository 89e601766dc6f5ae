using Azure.Identity;
using Azure.Storage.Blobs;
using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Configuration;
using Microsoft.Extensions.Options;

namespace FreeMask.Hosting.Artifacts;

/// <summary>Registers the artifact store that configuration names.</summary>
internal static class ArtifactStores
{
    /// <summary>Adds the store.</summary>
    public static IServiceCollection AddArtifactStore(this IServiceCollection services)
    {
        services.AddCheckedOptions<ArtifactStoreOptions>("FreeMask:Artifacts");
        services.AddSingleton(Create);
        return services;
    }

    private static IArtifactStore Create(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<ArtifactStoreOptions>>().Value;
        var configuration = services.GetRequiredService<IConfiguration>();
        if (options.Type == ArtifactStoreType.AzureBlob) return new BlobArtifactStore(Container(options, configuration));
        var data = configuration["FreeMask:DataFolder"] ?? FreeMaskOptions.DefaultDataFolder;
        return new FolderArtifactStore(
            options.Folder ?? Path.Combine(data, "artifacts"),
            services.GetRequiredService<TimeProvider>(),
            options.ReadOnly
        );
    }

    private static BlobContainerClient Container(ArtifactStoreOptions options, IConfiguration configuration)
    {
        var connection = options.ConnectionString ?? (options.ConnectionName is { } name ? configuration.GetConnectionString(name) : null);
        try
        {
            if (connection is not null) return new BlobContainerClient(connection, options.Container, BlobArtifactStore.ClientOptions());
        }
        catch (FormatException exception)
        {
            throw new FreeMaskException(
                $"The connection string of FreeMask:Artifacts is not one of an Azure Storage account: {exception.Message}",
                exception
            );
        }

        if (options.ContainerUri is not { } uri)
            throw new FreeMaskException(
                $"FreeMask:Artifacts:ConnectionName is '{options.ConnectionName}', but ConnectionStrings has no such entry."
            );
        // A SAS is part of the address; without one the silo uses managed identity.
        return uri.Query.Contains("sig=", StringComparison.Ordinal)
            ? new BlobContainerClient(uri, BlobArtifactStore.ClientOptions())
            : new BlobContainerClient(uri, new DefaultAzureCredential(), BlobArtifactStore.ClientOptions());
    }
}
