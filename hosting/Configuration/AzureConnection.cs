using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FreeMask.Hosting.Configuration;

/// <summary>
/// Where an Azure Storage account is, and how to sign in: a connection string, or the address of a service
/// (<c>https://ACCOUNT.table.core.windows.net</c>, <c>https://ACCOUNT.blob.core.windows.net</c>) with a SAS. An address without a SAS
/// contains no secret: the program signs in with its <see cref="TokenCredential"/>, by default <see cref="DefaultAzureCredential"/>.
/// </summary>
internal sealed class AzureConnection
{
    private readonly string _section,
        _text;
    private readonly Uri? _address;

    /// <summary>Reads a connection string or an address.</summary>
    /// <param name="section">The configuration section that messages name.</param>
    /// <param name="text">The connection string or the address.</param>
    /// <exception cref="FreeMaskException">It is neither.</exception>
    public AzureConnection(string section, string text)
    {
        (_section, _text) = (section, text);
        _address = Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "https" or "http" ? address : null;
        if (_address is not null)
            CheckSignIn(section, _address);
    }

    /// <summary>Registers the credential of addresses without a SAS, which is created when one is used.</summary>
    public static void AddCredential(IServiceCollection services) =>
        services.TryAddSingleton<TokenCredential>(_ => new DefaultAzureCredential());

    /// <summary>Whether an address contains a signature of its own.</summary>
    public static bool IsSigned(Uri address) => address.Query.Contains("sig=", StringComparison.Ordinal);

    /// <summary>Checks that an address without a SAS can be used: tokens are sent over https only.</summary>
    /// <exception cref="FreeMaskException">It is not https.</exception>
    public static void CheckSignIn(string section, Uri address)
    {
        if (!IsSigned(address) && address.Scheme != "https")
            throw new FreeMaskException(
                $"{section} has the address {address}; without a SAS it must begin with https, because a token is sent to it."
            );
    }

    /// <summary>A client of the account's tables.</summary>
    /// <exception cref="FreeMaskException">The connection string is not one of an Azure Storage account.</exception>
    public TableServiceClient OpenTables(IServiceProvider services)
    {
        var options = Configure(new TableClientOptions(TableClientOptions.ServiceVersion.V2020_12_06), services);
        if (_address is null)
            return Parse(() => new TableServiceClient(_text, options));
        return IsSigned(_address)
            ? new TableServiceClient(_address, options)
            : new TableServiceClient(_address, Credential(services), options);
    }

    /// <summary>A client of the account's blobs.</summary>
    /// <exception cref="FreeMaskException">The connection string is not one of an Azure Storage account.</exception>
    public BlobServiceClient OpenBlobs(IServiceProvider services)
    {
        var options = BlobOptions(services);
        if (_address is null)
            return Parse(() => new BlobServiceClient(_text, options));
        return IsSigned(_address)
            ? new BlobServiceClient(_address, options)
            : new BlobServiceClient(_address, Credential(services), options);
    }

    /// <summary>A client of one container of blobs.</summary>
    /// <param name="container">The container's address, with or without a SAS.</param>
    /// <param name="services">Where the credential is registered.</param>
    public static BlobContainerClient OpenContainer(Uri container, IServiceProvider services) =>
        IsSigned(container)
            ? new BlobContainerClient(container, BlobOptions(services))
            : new BlobContainerClient(container, Credential(services), BlobOptions(services));

    /// <summary>Options of blob clients. The version of the API is fixed: the package's newest one is unknown to older emulators.</summary>
    public static BlobClientOptions BlobOptions(IServiceProvider? services = null) =>
        Configure(new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_11_05), services);

    private static TokenCredential Credential(IServiceProvider services) => services.GetRequiredService<TokenCredential>();

    private static T Configure<T>(T options, IServiceProvider? services)
        where T : ClientOptions
    {
        // Few and quick retries, because callers retry after failures.
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = 3;
        options.Retry.Delay = TimeSpan.FromMilliseconds(300);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(3);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(60);
        if (services?.GetService<HttpPipelineTransport>() is { } transport)
            options.Transport = transport;
        return options;
    }

    private T Parse<T>(Func<T> open)
    {
        try
        {
            return open();
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException or ArgumentException)
        {
            throw new FreeMaskException(
                $"The connection string of {_section} is not one of an Azure Storage account: {exception.Message} "
                    + "It is like 'DefaultEndpointsProtocol=https;AccountName=...;AccountKey=...', or the service's address.",
                exception
            );
        }
    }
}
