using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FreeMask.Cli.Tests.Installing;

/// <summary>
/// An image registry on loopback that serves one base image of one layer: as much of the OCI distribution specification as reading an
/// image takes. It stands for Microsoft's registry, so that images are built here without a network.
/// </summary>
internal sealed class BaseImageRegistry : IAsyncDisposable
{
    private const string ManifestType = "application/vnd.docker.distribution.manifest.v2+json";

    private readonly HttpListener _listener = new();
    private readonly Dictionary<string, (string Type, byte[] Content)> _content = [];
    private readonly Task _serving;

    public BaseImageRegistry(string repository)
    {
        var (tar, layer) = Layer();
        var config = Json(new
        {
            architecture = "amd64",
            os = "linux",
            config = new { Env = new[] { "PATH=/usr/bin", "ASPNETCORE_HTTP_PORTS=8080" }, User = "1654" },
            rootfs = new { type = "layers", diff_ids = new[] { Digest(tar) } },
        });
        var manifest = Json(new
        {
            schemaVersion = 2,
            mediaType = ManifestType,
            config = new { mediaType = "application/vnd.docker.container.image.v1+json", size = config.Length, digest = Digest(config) },
            layers = new[]
            {
                new { mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip", size = layer.Length, digest = Digest(layer) },
            },
        });
        ManifestDigest = Digest(manifest);
        _content[$"/v2/{repository}/manifests/{ManifestDigest}"] = (ManifestType, manifest);
        _content[$"/v2/{repository}/blobs/{Digest(config)}"] = ("application/octet-stream", config);
        _content[$"/v2/{repository}/blobs/{Digest(layer)}"] = ("application/octet-stream", layer);
        Address = $"127.0.0.1:{FreePort()}";
        _listener.Prefixes.Add($"http://{Address}/");
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>The host and port.</summary>
    public string Address { get; }

    /// <summary>The digest that names the base image.</summary>
    public string ManifestDigest { get; }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _listener.Close();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var response = context.Response;
                if (!_content.TryGetValue(context.Request.Url!.AbsolutePath, out var found))
                {
                    response.StatusCode = context.Request.Url.AbsolutePath == "/v2/" ? 200 : 404;
                    continue;
                }

                response.ContentType = found.Type;
                response.ContentLength64 = found.Content.Length;
                response.Headers["Docker-Content-Digest"] = Digest(found.Content);
                if (context.Request.HttpMethod != "HEAD") await response.OutputStream.WriteAsync(found.Content);
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private static (byte[] Tar, byte[] Packed) Layer()
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            var file = new PaxTarEntry(TarEntryType.RegularFile, "etc/base-image") { DataStream = new MemoryStream("base"u8.ToArray()) };
            writer.WriteEntry(file);
        }

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(tar.ToArray());
        return (tar.ToArray(), packed.ToArray());
    }

    private static byte[] Json<T>(T value) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value));

    private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
