using FreeMask.Grains;
using FreeMask.Hosting.Configuration;
using Npgsql;

namespace FreeMask.Hosting.Storage;

/// <summary>
/// Creates the tables and queries of the configured PostgreSQL databases with <c>infra/postgresql/freemask.sql</c>, before Orleans reads
/// them. Only if <c>FreeMask:PreparePostgreSql</c> is true; otherwise the administrator runs the script.
/// </summary>
internal sealed partial class PostgreSqlTables(IConfiguration configuration, ILogger<PostgreSqlTables> logger) : IHostedService
{
    // Silos that start at the same time run the script one after another.
    private const string Lock = "SELECT pg_advisory_lock(7163241)";

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var databases = Databases(configuration);
        if (configuration.GetValue("FreeMask:PreparePostgreSql", false))
            foreach (var database in databases) await PrepareAsync(database, cancellationToken);
        else
            foreach (var database in databases) await CheckAsync(database, cancellationToken);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Connection strings of the sections that use AdoNet.</summary>
    private static string[] Databases(IConfiguration configuration)
    {
        string[] sections =
        [
            "Orleans:Clustering",
            "Orleans:Reminders",
            $"Orleans:GrainStorage:{StorageNames.Coordination}",
            $"Orleans:GrainStorage:{StorageNames.Samples}",
        ];
        return
        [
            .. sections.Where(s => configuration[$"{s}:ProviderType"] == "AdoNet")
                .Select(s => ProviderCheck.ConnectionStringOf(configuration, s)).OfType<string>().Distinct(StringComparer.Ordinal),
        ];
    }

    private async Task PrepareAsync(string database, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(typeof(PostgreSqlTables).Assembly.GetManifestResourceStream("FreeMask.Hosting.freemask.sql")!);
        var script = await reader.ReadToEndAsync(cancellationToken);
        await using var connection = await OpenAsync(database, cancellationToken);
        await using (var gate = new NpgsqlCommand(Lock, connection)) await gate.ExecuteNonQueryAsync(cancellationToken);
        // Closing the connection releases the lock.
        await using var command = new NpgsqlCommand(script, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        LogPrepared(logger, connection.Database, connection.Host ?? "");
    }

    private async Task CheckAsync(string database, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(database, cancellationToken);
        await using var command = new NpgsqlCommand("SELECT to_regclass('orleansquery') IS NOT NULL", connection);
        if (await command.ExecuteScalarAsync(cancellationToken) is true) return;
        throw new FreeMaskException(
            $"The PostgreSQL database '{connection.Database}' has no tables of FreeMask: run infra/postgresql/freemask.sql on it, or set "
                + "FreeMask:PreparePostgreSql to true."
        );
    }

    private static async Task<NpgsqlConnection> OpenAsync(string database, CancellationToken cancellationToken)
    {
        var settings = Settings(database);
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch (Exception exception) when (exception is NpgsqlException or System.Net.Sockets.SocketException)
        {
            await connection.DisposeAsync();
            throw new StoreUnavailableException(
                $"The PostgreSQL server {settings.Host}:{settings.Port} cannot be used: {exception.Message}",
                exception
            );
        }
    }

    private static NpgsqlConnectionStringBuilder Settings(string database)
    {
        try
        {
            // Not pooled: the lock must end with the connection. Multiplexing would need the pool.
            return new NpgsqlConnectionStringBuilder(database) { Multiplexing = false, Pooling = false };
        }
        catch (ArgumentException exception)
        {
            // The message may contain the password of the connection string.
            throw new FreeMaskException(
                $"The PostgreSQL connection string of section Orleans cannot be used: {exception.Message} It is like "
                    + "'Host=db;Database=freemask;Username=freemask;Password=...'.",
                exception
            );
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The tables of FreeMask stand in the database {Database} of {Host}")]
    private static partial void LogPrepared(ILogger logger, string database, string host);
}
