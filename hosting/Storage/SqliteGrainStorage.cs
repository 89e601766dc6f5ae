using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

[assembly: RegisterProvider("Sqlite", "GrainStorage", "Silo", typeof(FreeMask.Hosting.Storage.SqliteGrainStorageBuilder))]

namespace FreeMask.Hosting.Storage;

/// <summary>
/// Grain storage in a SQLite file, selected by <c>Orleans:GrainStorage:{name}:ProviderType = Sqlite</c> and <c>Path</c>. The ETag is the
/// record's version. A completed write survives the death of the process.
/// </summary>
internal sealed class SqliteGrainStorage(SqliteDatabase database, Serializer serializer, IActivatorProvider activators) : IGrainStorage
{
    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var (version, payload) = database.Read(stateName, grainId.ToString());
        grainState.ETag = version == 0 ? null : Format(version);
        grainState.RecordExists = version != 0;
        grainState.State = payload is null ? activators.GetActivator<T>().Create() : serializer.Deserialize<T>(payload);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var version = await WriteAsync(stateName, grainId, grainState.ETag, serializer.SerializeToArray(grainState.State));
        grainState.ETag = Format(version);
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await WriteAsync(stateName, grainId, grainState.ETag, null);
        grainState.ETag = null;
        grainState.RecordExists = false;
        grainState.State = activators.GetActivator<T>().Create();
    }

    private static string Format(long version) => version.ToString(CultureInfo.InvariantCulture);

    private async Task<long> WriteAsync(string stateName, GrainId grainId, string? etag, byte[]? payload)
    {
        var known = etag is null ? 0 : long.Parse(etag, CultureInfo.InvariantCulture);
        var result = await database.WriteAsync(stateName, grainId.ToString(), known, payload);
        return result.Applied
            ? result.Version
            : throw new InconsistentStateException(
                $"{stateName} of {grainId} was changed by another writer.",
                Format(result.Version),
                etag ?? ""
            );
    }
}

/// <summary>The open databases of a silo by path: storages with the same file share its writer.</summary>
internal sealed class SqliteDatabases : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<SqliteDatabase>> _open = new(StringComparer.Ordinal);

    /// <summary>Opens a database, or returns the open one.</summary>
    public SqliteDatabase Get(SqliteStorageOptions options) =>
        _open.GetOrAdd(System.IO.Path.GetFullPath(options.Path), _ => new Lazy<SqliteDatabase>(() => new SqliteDatabase(options))).Value;

    /// <summary>Closes all databases.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var database in _open.Values)
            if (database.IsValueCreated) await database.Value.DisposeAsync();
    }
}

/// <summary>Creates the configured storage.</summary>
internal sealed class SqliteGrainStorageBuilder : IProviderBuilder<ISiloBuilder>
{
    /// <inheritdoc/>
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection)
    {
        var storage = name ?? throw new InvalidOperationException("A grain storage needs a name.");
        builder.Services.AddOptions<SqliteStorageOptions>(storage).Bind(configurationSection).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<SqliteDatabases>();
        builder.Services.AddGrainStorage(storage, Create);
    }

    /// <summary>Creates the storage with a name.</summary>
    internal static SqliteGrainStorage Create(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<SqliteStorageOptions>>().Get(name);
        var database = services.GetRequiredService<SqliteDatabases>().Get(options);
        return new SqliteGrainStorage(
            database,
            services.GetRequiredService<Serializer>(),
            services.GetRequiredService<IActivatorProvider>()
        );
    }
}
