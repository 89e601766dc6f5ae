namespace FreeMask.Dashboard;

/// <summary>Asks for an address, as the health check of a container that has no other program to do it.</summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Requests an address once, for at most 5 s.</summary>
    /// <returns>0 if the answer is a success, 1 otherwise; the reason is on standard error.</returns>
    internal static async Task<int> RunAsync(string address)
    {
        try
        {
            using var client = new HttpClient { Timeout = Timeout };
            using var answer = await client.GetAsync(new Uri(address));
            if (answer.IsSuccessStatusCode) return 0;
            await Console.Error.WriteLineAsync($"{address} answers {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
        catch (Exception exception) when (
            exception is HttpRequestException or TaskCanceledException or UriFormatException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync($"{address} does not answer: {exception.Message}");
        }

        return 1;
    }
}
