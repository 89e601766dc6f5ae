namespace FreeMask.Grains;

/// <summary>Calls many grains with bounded concurrency.</summary>
internal static class Fanout
{
    private const int AtATime = 64;

    /// <summary>Calls for each item; results are in the order of the items.</summary>
    public static async Task<List<TResult>> CallAsync<T, TResult>(IEnumerable<T> items, Func<T, Task<TResult>> call, int atATime = AtATime)
    {
        var results = new List<TResult>();
        foreach (var chunk in items.Chunk(atATime)) results.AddRange(await Task.WhenAll(chunk.Select(call)));
        return results;
    }
}
