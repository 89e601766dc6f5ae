namespace FreeMask.Load.Benchmarks;

/// <summary>Where a benchmark's silo keeps the state of its grains: a name that is printed, and settings.</summary>
internal sealed record StateStore(string Name, IReadOnlyDictionary<string, string?> Settings)
{
    /// <summary>SQLite in the silo's data folder: what a silo that stands alone does where nothing is said.</summary>
    public static StateStore Sqlite { get; } = new("sqlite", new Dictionary<string, string?>());

    /// <summary>
    /// Reads <c>sqlite</c>, <c>redis=CONNECTION</c>, <c>postgresql=CONNECTION</c>, <c>azure-table=CONNECTION</c> or
    /// <c>azure-blob=CONNECTION</c>; null where it is something else.
    /// </summary>
    public static StateStore? Parse(string text) => text.Split('=', 2) switch
    {
        ["sqlite"] => Sqlite,
        ["redis", var connection] => Of("redis", "Redis", connection),
        ["postgresql", var connection] => Of("postgresql", "AdoNet", connection),
        ["azure-table", var connection] => Of("azure-table", "AzureTableStorage", connection),
        ["azure-blob", var connection] => Of("azure-blob", "AzureBlobStorage", connection),
        _ => null,
    };

    private static StateStore Of(string name, string provider, string connection)
    {
        // A service of its own: what another benchmark left in the store is not met again.
        var service = $"load-{Guid.NewGuid():N}";
        var settings = new Dictionary<string, string?>
        {
            ["ConnectionStrings:state"] = connection,
            ["Orleans:ServiceId"] = service,
            ["Orleans:ClusterId"] = service,
        };
        foreach (var storage in new[] { "coordination", "samples" })
        {
            settings[$"Orleans:GrainStorage:{storage}:ProviderType"] = provider;
            settings[$"Orleans:GrainStorage:{storage}:ConnectionName"] = "state";
            if (provider == "AdoNet") settings[$"Orleans:GrainStorage:{storage}:Invariant"] = "Npgsql";
        }

        return new StateStore(name, settings);
    }
}
