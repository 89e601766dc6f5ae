using System.Text.Json;
using System.Text.Json.Serialization;
using FreeMask.Files;

namespace FreeMask.Cli.Experiments;

/// <summary>
/// What experiments have in common: seeds, the time they may take, and a folder of finished rows, so that an experiment that was stopped
/// goes on where it was. A row is one measurement, such as a training and its evaluation.
/// </summary>
/// <param name="folder">The folder of results.</param>
/// <param name="model">The folder of the model bundle.</param>
/// <param name="seeds">The number of seeds, from 1.</param>
/// <param name="time">Measures the time.</param>
/// <param name="log">Takes one line of progress at a time.</param>
/// <param name="runs">Makes the runs that experiments look at.</param>
internal sealed class ExperimentContext(
    string folder,
    string model,
    int seeds,
    TimeProvider time,
    Action<string> log,
    ExperimentRuns runs
)
{
    private const string RowsFolder = "rows";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>The folder of the model bundle.</summary>
    internal string Model { get; } = model;

    /// <summary>A second corpus of captions; null for none.</summary>
    internal string? Corpus { get; init; }

    /// <summary>The folder of a placement model; null for none.</summary>
    internal string? Placement { get; init; }

    /// <summary>The folder of a harmonizer; null for none.</summary>
    internal string? Harmonizer { get; init; }

    /// <summary>The seeds, 1, 2 and so on.</summary>
    internal IReadOnlyList<ulong> Seeds { get; } = [.. Enumerable.Range(1, seeds).Select(seed => (ulong)seed)];

    /// <summary>When no further row is begun; null for never.</summary>
    internal DateTimeOffset? Deadline { get; set; }

    /// <summary>Whether the time did not suffice for a row since <see cref="Begin"/>.</summary>
    internal bool IsIncomplete { get; private set; }

    /// <summary>Seconds that the rows since <see cref="Begin"/> took, whenever they were made.</summary>
    internal double Seconds { get; private set; }

    /// <summary>Makes the runs that experiments look at.</summary>
    internal ExperimentRuns Runs { get; } = runs;

    /// <summary>Enough of a hash for the name of a row, to tell what was measured with one thing from what was with another.</summary>
    internal static string Short(string hash) => hash[..8];

    /// <summary>Starts to count anew.</summary>
    internal void Begin() => (IsIncomplete, Seconds) = (false, 0);

    /// <summary>Takes a line of progress.</summary>
    internal void Log(string line) => log(line);

    /// <summary>A row: read if it was made before, else made and kept; null where the time is over.</summary>
    /// <param name="key">Its name: letters, digits, hyphens.</param>
    /// <param name="make">Makes it. It may return null where a row that it needs was not made.</param>
    /// <param name="stop">Cancels.</param>
    internal async Task<T?> RowAsync<T>(string key, Func<Task<T?>> make, CancellationToken stop)
        where T : class
    {
        var path = Path.Combine(folder, RowsFolder, $"{key}.json");
        if (await ReadAsync<T>(path, stop) is { } known)
        {
            Seconds += known.Seconds;
            return known.Result;
        }

        if (Deadline is { } deadline && time.GetUtcNow() >= deadline)
        {
            IsIncomplete = true;
            return null;
        }

        var started = time.GetTimestamp();
        if (await make() is not { } result)
        {
            IsIncomplete = true;
            return null;
        }

        var row = new Row<T>(time.GetElapsedTime(started).TotalSeconds, result);
        Seconds += row.Seconds;
        await AtomicFile.WriteAsync(path, JsonSerializer.SerializeToUtf8Bytes(row, Options), stop);
        log($"{key}: {row.Seconds:0} s");
        return result;
    }

    /// <summary>The same of a computation that blocks.</summary>
    internal Task<T?> RowAsync<T>(string key, Func<T> make, CancellationToken stop)
        where T : class => RowAsync<T>(key, async () => await Task.Run(make, stop), stop);

    /// <exception cref="FreeMaskException">The file holds something else.</exception>
    private static async Task<Row<T>?> ReadAsync<T>(string path, CancellationToken stop)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<Row<T>>(await File.ReadAllBytesAsync(path, stop), Options);
        }
        catch (JsonException e)
        {
            throw new FreeMaskException($"{path} is no result of this experiment. Delete it, and it is measured again. ({e.Message})", e);
        }
    }

    private sealed record Row<T>(double Seconds, T Result);
}
