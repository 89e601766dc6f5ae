using System.Formats.Tar;
using System.IO.Compression;
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

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>
/// An image registry on loopback that serves one base image under every name: one layer with one file. It stands in for the registry that
/// images are built on, so that they can be built and inspected without a network.
/// </summary>
internal sealed class BaseImageRegistry : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, byte[]> _blobs = [];
    private readonly byte[] _manifest;

    private BaseImageRegistry()
    {
        var layer = Layer(out var unpacked);
        LayerDigest = Digest(unpacked);
        var config = JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = "amd64",
            os = "linux",
            config = new { User = "1654", Env = new[] { "PATH=/usr/bin", "ASPNETCORE_HTTP_PORTS=8080" } },
            rootfs = new { type = "layers", diff_ids = new[] { LayerDigest } },
            history = new[] { new { created_by = "base" } },
        });
        foreach (var blob in new[] { layer, config }) _blobs[Digest(blob)] = blob;
        _manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = "application/vnd.docker.distribution.manifest.v2+json",
            config = new { mediaType = "application/vnd.docker.container.image.v1+json", size = config.Length, digest = Digest(config) },
            layers = new[]
            {
                new
                {
                    mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip",
                    size = layer.Length,
                    digest = Digest(layer),
                },
            },
        });
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.UseRouting();
        _app.MapGet("/v2/{**path}", AnswerAsync);
    }

    /// <summary>The digest of the unpacked layer.</summary>
    public string LayerDigest { get; }

    /// <summary>The digest of the image's manifest.</summary>
    public string ManifestDigest => Digest(_manifest);

    /// <summary>Its name and port.</summary>
    public string Name => $"localhost:{new Uri(Addresses.Single()).Port}";

    private ICollection<string> Addresses => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

    /// <summary>What was asked for.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Starts a registry.</summary>
    public static async Task<BaseImageRegistry> StartAsync()
    {
        var registry = new BaseImageRegistry();
        await registry._app.StartAsync();
        return registry;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static byte[] Layer(out byte[] unpacked)
    {
        using var tar = new MemoryStream();
        using var content = new MemoryStream("NAME=base\n"u8.ToArray());
        using (var writer = new TarWriter(tar, leaveOpen: true))
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "etc/os-release") { DataStream = content });
        unpacked = tar.ToArray();
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zip.Write(unpacked);
        return packed.ToArray();
    }

    private static string Digest(byte[] bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";

    private async Task AnswerAsync(HttpContext context, string? path)
    {
        lock (Asked) Asked.Add(path ?? "");
        var last = (path ?? "").Split('/')[^1];
        var bytes = path is null or "" ? Encoding.UTF8.GetBytes("{}") : path.Contains("/manifests/", StringComparison.Ordinal) ? _manifest
            : _blobs.GetValueOrDefault(last);
        if (bytes is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = bytes == _manifest ? "application/vnd.docker.distribution.manifest.v2+json"
            : "application/octet-stream";
        context.Response.ContentLength = bytes.Length;
        context.Response.Headers["Docker-Content-Digest"] = Digest(bytes);
        await context.Response.Body.WriteAsync(bytes);
    }
}
