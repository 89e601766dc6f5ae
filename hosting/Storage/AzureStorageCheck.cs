using Azure;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using FreeMask.Hosting.Configuration;
using Orleans.Configuration;

namespace FreeMask.Hosting.Storage;

/// <summary>
/// Creates the tables and containers of the configured sections before Orleans does. An account that does not answer or refuses the silo
/// ends it within seconds; Orleans would retry for minutes.
/// </summary>
internal sealed class AzureStorageCheck(IConfiguration configuration, IServiceProvider services) : IHostedService
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(
            AzureGrainStorage
                .SectionsOf(configuration)
                .Where(section => configuration[$"{section}:ServiceKey"] is not null)
                .Select(section => CheckAsync(section, cancellationToken))
        );

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CheckAsync(string section, CancellationToken cancellationToken)
    {
        var key = configuration[$"{section}:ServiceKey"];
        var (host, role) = ("", "");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            if (AzureGrainStorage.IsTable(configuration, section))
            {
                var tables = services.GetRequiredKeyedService<TableServiceClient>(key);
                (host, role) = (tables.Uri.Authority, "Storage Table Data Contributor");
                await tables.CreateTableIfNotExistsAsync(configuration[$"{section}:TableName"] ?? DefaultTableOf(section), timeout.Token);
            }
            else
            {
                var blobs = services.GetRequiredKeyedService<BlobServiceClient>(key);
                (host, role) = (blobs.Uri.Authority, "Storage Blob Data Contributor");
                var container = configuration[$"{section}:ContainerName"] ?? AzureBlobStorageOptions.DEFAULT_CONTAINER_NAME;
                await blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: timeout.Token);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && Reason(exception) is { } reason)
        {
            throw new StoreUnavailableException(
                $"The Azure Storage account at {host} cannot be used: {reason} Check the address and the account's firewall in {section}, "
                    + $"and that the connection string is valid or the identity has the role {role}.",
                exception
            );
        }
    }

    private static string DefaultTableOf(string section) =>
        section switch
        {
            "Orleans:Clustering" => "OrleansSiloInstances",
            "Orleans:Reminders" => "OrleansReminders",
            _ => AzureTableStorageOptions.DEFAULT_TABLE_NAME,
        };

    /// <summary>What went wrong, as one sentence; null if the store is not the cause.</summary>
    private static string? Reason(Exception exception) =>
        exception switch
        {
            RequestFailedException or AuthenticationFailedException => Sentence(exception.Message),
            // The exceptions of each attempt.
            AggregateException many => Sentence(many.InnerExceptions[^1].Message),
            OperationCanceledException => $"it did not answer within {Timeout.TotalSeconds:0} s.",
            _ => null,
        };

    private static string Sentence(string message)
    {
        var line = message.Split('\n')[0].Trim();
        return line.EndsWith('.') ? line : line + ".";
    }
}
