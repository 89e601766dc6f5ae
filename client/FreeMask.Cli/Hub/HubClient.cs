using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Polly;
using Polly.Retry;

namespace FreeMask.Cli.Hub;

/// <summary>
/// A client of Hugging Face style hubs: <c>api/models/R/revision/V?blobs=true</c> lists, <c>R/resolve/C/PATH</c> returns a file. Transient
/// failures (no connection, timeout, 408, 429, 5xx) are retried a few times with growing delays, or after the delay that the hub states.
/// The token is sent to the hub only: redirects to other hosts, which store large files, are followed without it.
/// </summary>
internal sealed class HubClient : IDisposable
{
    internal const string EndpointVariable = "HF_ENDPOINT", TokenVariable = "HF_TOKEN", DefaultEndpoint = "https://huggingface.co";

    private const int MostRedirects = 10;
    private const string Wait = "wait";

    private static readonly TimeSpan DefaultIdleTimeout = TimeSpan.FromSeconds(60),
        LongestWait = TimeSpan.FromMinutes(10),
        LongPause = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly string _endpoint;
    private readonly ResiliencePipeline _retries;
    private readonly AuthenticationHeaderValue? _token;
    private readonly TimeProvider _time;
    private readonly TimeSpan _idleTimeout;

    /// <summary>Creates a client.</summary>
    /// <param name="endpoint">The hub's address.</param>
    /// <param name="token">For private repositories; null or empty for none.</param>
    /// <param name="time">The clock of delays.</param>
    /// <param name="firstPause">Delay before the first retry; default one second. Later delays are longer.</param>
    /// <param name="idleTimeout">Timeout without data from the hub; default one minute.</param>
    /// <exception cref="FreeMaskException">The address or the token is not valid.</exception>
    internal HubClient(string endpoint, string? token, TimeProvider time, TimeSpan? firstPause = null, TimeSpan? idleTimeout = null)
    {
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new FreeMaskException($"{EndpointVariable} is '{endpoint}', which is no http address.");
        _endpoint = endpoint.TrimEnd('/');
        (_time, _idleTimeout) = (time, idleTimeout ?? DefaultIdleTimeout);
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("freemask", "1.0"));
        // Files and environment variables with secrets often end with a line break; a token contains none.
        if (token?.Trim() is { Length: > 0 } secret)
        {
            if (!secret.All(c => c is > ' ' and <= '~'))
                throw new FreeMaskException(
                    $"{TokenVariable} holds characters that no token has (spaces, line breaks or letters outside of ASCII); copy the "
                        + "token again."
                );
            _token = new AuthenticationHeaderValue("Bearer", secret);
        }

        _retries = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(
                new RetryStrategyOptions
                {
                    ShouldHandle = new PredicateBuilder()
                        .Handle<HttpRequestException>(error => IsMomentary(error.StatusCode))
                        .Handle<HttpIOException>()
                        .Handle<TimeoutException>(),
                    MaxRetryAttempts = 4,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = firstPause ?? TimeSpan.FromSeconds(1),
                    UseJitter = true,
                    OnRetry = args =>
                    {
                        if (args.RetryDelay >= LongPause)
                            Notice?.Invoke($"{_endpoint} is busy; it is asked again in {args.RetryDelay.TotalSeconds:0} s.");
                        return ValueTask.CompletedTask;
                    },
                    DelayGenerator = args => ValueTask.FromResult(args.Outcome.Exception?.Data[Wait] as TimeSpan?),
                }
            )
            .Build();
    }

    /// <summary>Called before long delays.</summary>
    internal Action<string>? Notice { get; set; }

    /// <summary>Lists a repository.</summary>
    /// <exception cref="FreeMaskException">It cannot be listed.</exception>
    internal Task<HubListing> ListAsync(HubReference reference, CancellationToken stop) => AskAsync(reference.Repository, async token =>
    {
        using var response = await GetAsync(
                    $"{_endpoint}/api/models/{reference.Repository}/revision/{Uri.EscapeDataString(reference.Revision)}?blobs=true",
                    0,
                    token
                );
        await using var source = await response.Content.ReadAsStreamAsync(token);
        using var text = new MemoryStream();
        await CopyAsync(source, text, _ => { }, token);
        return HubListing.Parse(Encoding.UTF8.GetString(text.ToArray()), reference);
    }, stop);

    /// <summary>
    /// Appends the missing rest to a file. After an error it continues at the end of the file. A server that ignores ranges is read from
    /// the start; after 416 (no bytes after the end) the file is discarded, because its content is not that of the server.
    /// </summary>
    /// <exception cref="FreeMaskException">The file cannot be downloaded.</exception>
    internal Task FetchAsync(
        HubReference reference,
        string commit,
        HubFile file,
        FileStream target,
        Action<long> received,
        CancellationToken stop
    ) =>
        AskAsync(
            $"{reference.Repository}/{file.Path}",
            async token =>
            {
                var path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
                var address = $"{_endpoint}/{reference.Repository}/resolve/{commit}/{path}";
                using var response = await GetRestAsync(address, target, token);
                if (target.Length > 0 && response.StatusCode != HttpStatusCode.PartialContent)
                    target.SetLength(0);
                target.Seek(0, SeekOrigin.End);
                await using var source = await response.Content.ReadAsStreamAsync(token);
                await CopyAsync(source, target, received, token);
                return true;
            },
            stop
        );

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
            throw new FreeMaskException(
                $"{what}: the connection to {_endpoint} broke off again and again ({error.Message}). The same command goes on where it "
                    + "stopped.",
                error
            );
        }
    }

    private async Task<HttpResponseMessage> GetRestAsync(string address, FileStream target, CancellationToken stop)
    {
        try
        {
            return await GetAsync(address, target.Length, stop);
        }
        catch (HttpRequestException error) when (error.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && target.Length > 0)
        {
            target.SetLength(0);
            return await GetAsync(address, 0, stop);
        }
    }

    private async Task<HttpResponseMessage> GetAsync(string address, long from, CancellationToken stop)
    {
        var (hub, next) = (new Uri(_endpoint), new Uri(address));
        for (var redirects = 0; ; redirects++)
        {
            var response = await SendAsync(next, from, IsSameHost(hub, next), stop);
            if (response.IsSuccessStatusCode) return response;
            using (response)
            {
                if (
                    (int)response.StatusCode is < 300 or >= 400
                    || response.Headers.Location is not { } location
                    || redirects == MostRedirects
                )
                    throw Refused(response);
                next = new Uri(next, location);
                if (next.Scheme != Uri.UriSchemeHttps && next.Scheme != hub.Scheme)
                    throw new FreeMaskException(
                        $"{_endpoint} sends to {next.Scheme}://{next.Host}, which is not encrypted; that is not followed."
                    );
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, long from, bool withToken, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
        if (withToken) request.Headers.Authorization = _token;
        using var timer = new CancellationTokenSource(_idleTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, timer.Token);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw Idle();
        }
    }

    private static bool IsSameHost(Uri hub, Uri other) => (hub.Scheme, hub.Host, hub.Port) == (other.Scheme, other.Host, other.Port);

    private TimeoutException Idle() => new($"nothing came for {_idleTimeout.TotalSeconds:0.##} s");

    /// <summary>The exception for an error response, with the delay that the hub states.</summary>
    private HttpRequestException Refused(HttpResponseMessage response)
    {
        var error = new HttpRequestException($"{(int)response.StatusCode} {response.ReasonPhrase}", null, response.StatusCode);
        if ((response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - _time.GetUtcNow()) is { } wait)
            error.Data[Wait] = wait < TimeSpan.Zero ? TimeSpan.Zero : wait > LongestWait ? LongestWait : wait;
        return error;
    }

    private async Task CopyAsync(Stream source, Stream target, Action<long> received, CancellationToken stop)
    {
        var buffer = new byte[1 << 17];
        while (true)
        {
            using var timer = new CancellationTokenSource(_idleTimeout, _time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(stop, timer.Token);
            int read;
            try
            {
                read = await source.ReadAsync(buffer, linked.Token);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                throw Idle();
            }
            catch (IOException exception) when (exception is not HttpIOException)
            {
                // A reset connection; only writing causes disk errors.
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
                $"{what}: {_endpoint} refuses access ({(int)error.StatusCode}). A private or gated repository needs a token in "
                    + $"{TokenVariable} of an account that accepted its terms; a repository that does not exist looks the same.",
        HttpStatusCode.NotFound => $"{what}: {_endpoint} knows no such repository, revision or file (404).",
        null => $"{what}: {_endpoint} cannot be reached ({error.Message}). Check the network, or set {EndpointVariable} to a mirror.",
        _ => $"{what}: {_endpoint} answers {error.Message}. Try again later; the same command goes on where it stopped.",
    };
}
