using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FreeMask.Cli.Tests.Hub;

/// <summary>A model hub on loopback with the routes of the public one, and with the faults that networks have.</summary>
internal sealed class LocalHub : IAsyncDisposable
{
    internal const string Repository = "someone/tiny-onnx", Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly WebApplication _app;

    private LocalHub(WebApplication app) => _app = app;

    internal Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Files that are kept as large ones: listed with their SHA-256.</summary>
    internal HashSet<string> Large { get; } = new(StringComparer.Ordinal);

    internal string Endpoint => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    internal string? Token { get; set; }

    /// <summary>How many more answers break off in the middle.</summary>
    internal int BreakOff { get; set; }

    /// <summary>How many more answers are 503.</summary>
    internal int Unavailable { get; set; }

    /// <summary>How many more answers are 429, and what they say of how long to wait.</summary>
    internal int Busy { get; set; }

    internal string RetryAfter { get; set; } = "30";

    /// <summary>A former name of the repository, which answers with the way to the present one.</summary>
    internal string? FormerName { get; set; }

    /// <summary>Another host that large files come from.</summary>
    internal string? Store { get; set; }

    /// <summary>Whether the listing states sizes and hashes.</summary>
    internal bool Measured { get; set; } = true;

    /// <summary>What came with each request as authorization.</summary>
    internal ConcurrentQueue<string> Authorized { get; } = new();

    /// <summary>Happens once the repository has been listed.</summary>
    internal Action? AfterListing { get; set; }

    /// <summary>What was asked for, with the range.</summary>
    internal ConcurrentQueue<string> Asked { get; } = new();

    internal static async Task<LocalHub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var hub = new LocalHub(app);
        app.Use(hub.GuardAsync);
        app.MapGet("/api/models/{owner}/{name}/revision/{revision}", hub.List);
        app.MapGet("/{owner}/{name}/resolve/{commit}/{**path}", hub.SendAsync);
        await app.StartAsync();
        return hub;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path.Value!;
        Asked.Enqueue($"{path} {context.Request.Headers.Range}".TrimEnd());
        Authorized.Enqueue(context.Request.Headers.Authorization.ToString());
        if (Busy > 0)
        {
            (Busy, context.Response.StatusCode, context.Response.Headers.RetryAfter) = (Busy - 1, 429, RetryAfter);
        }
        else if (FormerName is not null && path.Contains(FormerName, StringComparison.Ordinal))
        {
            context.Response.Redirect(
                path.Replace(FormerName, Repository, StringComparison.Ordinal) + context.Request.QueryString,
                permanent: false,
                preserveMethod: true
            );
        }
        else if (Store is not null && Large.Contains(path[(path.IndexOf(Commit, StringComparison.Ordinal) + Commit.Length + 1)..]))
        {
            context.Response.Redirect(Store + path);
        }
        else if (Token is not null && context.Request.Headers.Authorization != $"Bearer {Token}") context.Response.StatusCode = 401;
        else if (Unavailable > 0) (Unavailable, context.Response.StatusCode) = (Unavailable - 1, 503);
        else return next(context);
        return Task.CompletedTask;
    }

    private IResult List(string owner, string name, string revision)
    {
        if ($"{owner}/{name}" != Repository || revision is not ("main" or Commit)) return Results.NotFound();
        // Serialized at once: what happens after the listing does not change it.
        var listed = JsonSerializer.Serialize(new { sha = Commit, siblings = Files.Select(file => Sibling(file.Key, file.Value)) });
        AfterListing?.Invoke();
        return Results.Text(listed, "application/json");
    }

    private object Sibling(string path, byte[] content)
    {
        if (!Measured) return new { rfilename = path };
        if (Large.Contains(path))
            return new
            {
                rfilename = path,
                size = content.Length,
                lfs = new { sha256 = Convert.ToHexStringLower(SHA256.HashData(content)), size = content.Length },
            };
        var blob = SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]);
        return new { rfilename = path, size = content.Length, blobId = Convert.ToHexStringLower(blob) };
    }

    private async Task SendAsync(HttpContext context, string path)
    {
        if (!Files.TryGetValue(path, out var bytes))
        {
            context.Response.StatusCode = 404;
            return;
        }

        if (BreakOff > 0 && bytes.Length > 100)
        {
            BreakOff--;
            context.Response.ContentLength = bytes.Length;
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
            await context.Response.Body.FlushAsync();
            context.Abort();
            return;
        }

        await Results.Bytes(bytes, "application/octet-stream", enableRangeProcessing: true).ExecuteAsync(context);
    }
}
