using System.Net;
using System.Net.Http.Headers;
using FreeMask.Vision;
using Polly;
using Polly.Retry;

namespace FreeMask.Cli.Hub;

/// <summary>
/// Speaks the routes of Hugging Face style hubs: <c>api/models/R/revision/V?blobs=true</c> lists, <c>R/resolve/C/PATH</c> gives a file. What
/// fails for a moment (no connection, 408, 429, 5xx) is asked again, a few times and more slowly.
/// </summary>
internal sealed class HubClient : IDisposable
{
    internal const string EndpointVariable = "HF_ENDPOINT", TokenVariable = "HF_TOKEN", DefaultEndpoint = "https://huggingface.co";

    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly string _endpoint;
    private readonly ResiliencePipeline _retries;

    internal HubClient(string endpoint, string? token, TimeProvider time, TimeSpan? firstPause = null)
    {
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new FreeMaskException($"{EndpointVariable} is '{endpoint}', which is no http address.");
        _endpoint = endpoint.TrimEnd('/');
        _http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("freemask", "1.0"));
        if (!string.IsNullOrEmpty(token)) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _retries = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>(error => IsMomentary(error.StatusCode)).Handle<HttpIOException>().Handle<TimeoutException>(),
                MaxRetryAttempts = 4,
                BackoffType = DelayBackoffType.Exponential,
                Delay = firstPause ?? TimeSpan.FromSeconds(1),
                UseJitter = true,
            })
            .Build();
    }

    /// <summary>Lists a repository.</summary>
    /// <exception cref="FreeMaskException">It cannot be listed.</exception>
    internal Task<HubListing> ListAsync(HubReference reference, CancellationToken stop) => AskAsync(reference.Repository, async token =>
    {
        using var response = await GetAsync($"{_endpoint}/api/models/{reference.Repository}/revision/{Uri.EscapeDataString(reference.Revision)}?blobs=true", 0, token);
        return HubListing.Parse(await response.Content.ReadAsStringAsync(token), reference);
    }, stop);

    /// <summary>
    /// Appends to a file what it still lacks. After a fault it goes on where it stopped; a server that ignores ranges is read from the start.
    /// </summary>
    /// <exception cref="FreeMaskException">The file cannot be had.</exception>
    internal Task FetchAsync(HubReference reference, string commit, HubFile file, FileStream target, Action<long> received, CancellationToken stop) =>
        AskAsync($"{reference.Repository}/{file.Path}", async token =>
        {
            var path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
            using var response = await GetAsync($"{_endpoint}/{reference.Repository}/resolve/{commit}/{path}", target.Length, token);
            if (target.Length > 0 && response.StatusCode != HttpStatusCode.PartialContent) target.SetLength(0);
            target.Seek(0, SeekOrigin.End);
            await using var source = await response.Content.ReadAsStreamAsync(token);
            await CopyAsync(source, target, received, token);
            return true;
        }, stop);

    public void Dispose() => _http.Dispose();

    private async Task<T> AskAsync<T>(string what, Func<CancellationToken, Task<T>> ask, CancellationToken stop)
    {
        try
        {
            return await _retries.ExecuteAsync(async token => await ask(token), stop);
        }
        catch (HttpRequestException error)
        {
            throw new FreeMaskException(Explain(what, error), error);
        }
        catch (Exception error) when (error is HttpIOException or TimeoutException)
        {
            throw new FreeMaskException($"{what}: the connection to {_endpoint} broke off again and again ({error.Message}). The same command goes on where it stopped.", error);
        }
    }

    private async Task<HttpResponseMessage> GetAsync(string address, long from, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (response.IsSuccessStatusCode) return response;
        using (response) throw new HttpRequestException($"{(int)response.StatusCode} {response.ReasonPhrase}", null, response.StatusCode);
    }

    private static async Task CopyAsync(Stream source, FileStream target, Action<long> received, CancellationToken stop)
    {
        var buffer = new byte[1 << 17];
        while (true)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop);
            silence.CancelAfter(Silence);
            int read;
            try
            {
                read = await source.ReadAsync(buffer, silence.Token);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                throw new TimeoutException($"nothing came for {Silence.TotalSeconds:0} s");
            }
            catch (IOException exception) when (exception is not HttpIOException)
            {
                // A reset connection; faults of the disk come from the writing alone.
                throw new HttpIOException(HttpRequestError.ResponseEnded, exception.Message, exception);
            }

            if (read == 0) return;
            await target.WriteAsync(buffer.AsMemory(0, read), stop);
            received(target.Length);
        }
    }

    private static bool IsMomentary(HttpStatusCode? status) =>
        status is null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private string Explain(string what, HttpRequestException error) => error.StatusCode switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            $"{what}: {_endpoint} refuses access ({(int)error.StatusCode}). A private or gated repository needs a token in {TokenVariable} of an account that accepted its terms; a repository that does not exist looks the same.",
        HttpStatusCode.NotFound => $"{what}: {_endpoint} knows no such repository, revision or file (404).",
        null => $"{what}: {_endpoint} cannot be reached ({error.Message}). Check the network, or set {EndpointVariable} to a mirror.",
        _ => $"{what}: {_endpoint} answers {error.Message}. Try again later; the same command goes on where it stopped.",
    };
}
