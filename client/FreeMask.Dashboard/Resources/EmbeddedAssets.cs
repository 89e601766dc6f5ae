using System.Collections.Concurrent;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace FreeMask.Dashboard.Resources;

/// <summary>Scripts and styles, which are resources of this assembly.</summary>
internal static class EmbeddedAssets
{
    private const string Folder = "assets/";

    private static readonly ConcurrentDictionary<string, Asset?> Loaded = new(StringComparer.Ordinal);

    /// <summary>Serves <c>/assets/NAME</c>.</summary>
    internal static void MapAssets(this WebApplication app)
    {
        app.MapGet("/assets/{name}", Serve).ExcludeFromDescription();
        // The address that the scripts of Blazor expect.
        app.MapGet("/_framework/blazor.web.js", (HttpContext context) => Serve(context, "blazor.web.js")).ExcludeFromDescription();
        app.MapGet("/favicon.ico", (HttpContext context) => Serve(context, "favicon.svg")).ExcludeFromDescription();
    }

    /// <summary>The address of a file, which changes with its content.</summary>
    internal static string Address(string name) => $"/assets/{name}?v={Find(name)?.Hash[..12]}";

    private static IResult Serve(HttpContext context, string name)
    {
        if (Find(name) is not { } asset) return Results.NotFound();
        var response = context.Response;
        response.Headers.CacheControl = context.Request.Query.ContainsKey("v") ? "public, max-age=31536000, immutable" : "no-cache";
        response.Headers.Vary = "Accept-Encoding";
        var packed = context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal);
        if (packed) response.Headers.ContentEncoding = "br";
        return Results.Bytes(
            packed ? asset.Packed : asset.Bytes,
            asset.Type,
            entityTag: new EntityTagHeaderValue($"\"{asset.Hash[..16]}{(packed ? "-br" : "")}\"")
        );
    }

    private static Asset? Find(string name) => Loaded.GetOrAdd(name, Load);

    private static Asset? Load(string name)
    {
        // Only names of resources: no part of a request becomes a path.
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Folder + name);
        if (stream is null) return null;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            brotli.Write(bytes.GetBuffer(), 0, (int)bytes.Length);
        return new Asset(bytes.ToArray(), packed.ToArray(), Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())), TypeOf(name));
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };

    private sealed record Asset(byte[] Bytes, byte[] Packed, string Hash, string Type);
}
