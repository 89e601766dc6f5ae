using Azure.Storage.Blobs;
using FreeMask.Grains.Artifacts;
using FreeMask.Hosting.Configuration;
using Microsoft.Extensions.Options;

namespace FreeMask.Hosting.Artifacts;

/// <summary>Registers the artifact store that configuration names.</summary>
internal static class ArtifactStores
{
    private const string Section = "FreeMask:Artifacts";

    /// <summary>Adds the store.</summary>
    public static IServiceCollection AddArtifactStore(this IServiceCollection services)
    {
        services.AddCheckedOptions<ArtifactStoreOptions>(Section);
        AzureConnection.AddCredential(services);
        services.AddSingleton(Create);
        return services;
    }

    private static IArtifactStore Create(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<ArtifactStoreOptions>>().Value;
        var configuration = services.GetRequiredService<IConfiguration>();
        if (options.Type == ArtifactStoreType.AzureBlob) return new BlobArtifactStore(Container(options, services));
        var data = configuration["FreeMask:DataFolder"] ?? FreeMaskOptions.DefaultDataFolder;
        return new FolderArtifactStore(
            options.Folder ?? Path.Combine(data, "artifacts"),
            services.GetRequiredService<TimeProvider>(),
            options.ReadOnly
        );
    }

    private static BlobContainerClient Container(ArtifactStoreOptions options, IServiceProvider services)
    {
        var configuration = services.GetRequiredService<IConfiguration>();
        var connection = options.ConnectionString ?? (options.ConnectionName is { } name ? configuration.GetConnectionString(name) : null);
        if (connection is not null)
            return new AzureConnection(Section, connection).OpenBlobs(services).GetBlobContainerClient(options.Container);
        if (options.ContainerUri is not { } uri)
            throw new FreeMaskException(
                $"{Section}:ConnectionName is '{options.ConnectionName}', but ConnectionStrings has no such entry."
            );
        AzureConnection.CheckSignIn($"{Section}:ContainerUri", uri);
        return AzureConnection.OpenContainer(uri, services);
    }
}
