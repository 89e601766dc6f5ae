using System.ComponentModel.DataAnnotations;

namespace FreeMask.Hosting.Artifacts;

/// <summary>Types of artifact stores.</summary>
internal enum ArtifactStoreType
{
    /// <summary>A folder, which the silos of a cluster share.</summary>
    Folder,

    /// <summary>A container of Azure Blob Storage.</summary>
    AzureBlob,
}

/// <summary>The artifact store. Section <c>FreeMask:Artifacts</c>; silos and clients of one cluster must agree.</summary>
internal sealed class ArtifactStoreOptions : IValidatableObject
{
    /// <summary><c>Folder</c> (the default) or <c>AzureBlob</c>.</summary>
    public ArtifactStoreType Type { get; set; }

    /// <summary>Folder: the path; null for <c>artifacts</c> in the data folder.</summary>
    public string? Folder { get; set; }

    /// <summary>Folder: true to write nothing. Default false.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>
    /// AzureBlob: the account's connection string, or the address of its blobs (<c>https://ACCOUNT.blob.core.windows.net</c>), with a SAS
    /// or without one to sign in as the silo's identity.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>AzureBlob: an entry of <c>ConnectionStrings</c> that holds the same.</summary>
    public string? ConnectionName { get; set; }

    /// <summary>AzureBlob with a connection string: the container, created if it is absent. Default <c>freemask</c>.</summary>
    [RegularExpression("[a-z0-9](-?[a-z0-9]){2,62}", ErrorMessage = "a container's name has 3 to 63 of a-z, 0-9 and single '-'")]
    public string Container { get; set; } = "freemask";

    /// <summary>
    /// AzureBlob without a connection string: the container's address, with a SAS, or without one to use managed identity.
    /// </summary>
    public Uri? ContainerUri { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Enum.IsDefined(Type)) yield return new ValidationResult("it can be Folder or AzureBlob", [nameof(Type)]);
        if (Type == ArtifactStoreType.AzureBlob && ConnectionString is null && ConnectionName is null && ContainerUri is null)
            yield return new ValidationResult(
                "an AzureBlob store needs it, or ConnectionName, or ContainerUri",
                [nameof(ConnectionString)]
            );
        if (ContainerUri is { IsAbsoluteUri: false })
            yield return new ValidationResult(
                "it must be a whole address, https://ACCOUNT.blob.core.windows.net/CONTAINER",
                [nameof(ContainerUri)]
            );
    }
}
