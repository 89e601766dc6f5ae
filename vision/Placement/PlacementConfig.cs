using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using FreeMask.Files;
using FreeMask.Json;

namespace FreeMask.Vision.Placement;

/// <summary>What a placement model of <c>freemask train placement</c> is: the <c>config.json</c> beside its <c>model.onnx</c>.</summary>
internal sealed record PlacementConfig
{
    /// <summary>The kind of model and the version of what it sees.</summary>
    public const string Kind = "freemask-placement-1";

    private const string Learned = "images.txt";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary><see cref="Kind"/>.</summary>
    public string ModelType { get; init; } = Kind;

    /// <summary>Side of its inputs in pixels.</summary>
    public int Size { get; init; }

    /// <summary>Images that it learned from; <c>images.txt</c> names them.</summary>
    public int Images { get; init; }

    /// <summary>Optimizer steps.</summary>
    public int Steps { get; init; }

    /// <summary>Names the initial weights and the samples.</summary>
    public ulong Seed { get; init; }

    /// <summary>The weights that it began with: <c>imagenet</c> or <c>none</c>.</summary>
    public string Init { get; init; } = "none";

    /// <summary>The sha256 of <c>model.onnx</c>, in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>Reads the configuration of a folder; null where the folder has none.</summary>
    /// <exception cref="FreeMaskException">It is of another kind of model, or damaged.</exception>
    public static PlacementConfig? Read(string folder)
    {
        var path = Path.Combine(folder, ModelFileNames.Config);
        if (!File.Exists(path)) return null;
        try
        {
            var config = JsonSerializer.Deserialize<PlacementConfig>(PythonJson.ReadFile(path), Json);
            if (config?.ModelType == Kind) return config;
        }
        catch (JsonException invalid)
        {
            throw new FreeMaskException($"{path} is not valid JSON of a placement model.", invalid);
        }

        throw new FreeMaskException(
            $"{path} is of another kind of model; '{Kind}' is expected. A public export needs no {ModelFileNames.Config}."
        );
    }

    /// <summary>The names of the images that the model of a folder learned from; none where nothing is known.</summary>
    public static IReadOnlySet<string> ImagesOf(string folder)
    {
        var path = Path.Combine(folder, Learned);
        return File.Exists(path) ? File.ReadLines(path).ToHashSet(StringComparer.Ordinal) : new HashSet<string>();
    }

    /// <summary>Writes a model's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The bytes of <c>model.onnx</c>.</param>
    /// <param name="images">The names of the images that it learned from.</param>
    /// <returns>What was written, with the hash.</returns>
    public PlacementConfig Save(string folder, byte[] model, IReadOnlyList<string> images)
    {
        Directory.CreateDirectory(folder);
        var written = this with { Sha256 = HashOf(model), Images = images.Count };
        AtomicFile.Write(Path.Combine(folder, ModelFileNames.Onnx), model);
        AtomicFile.Write(Path.Combine(folder, Learned), string.Concat(images.Select(name => name + "\n")));
        byte[] config = [.. JsonSerializer.SerializeToUtf8Bytes(written, Json), (byte)'\n'];
        AtomicFile.Write(Path.Combine(folder, ModelFileNames.Config), config);
        return written;
    }

    internal static string HashOf(byte[] model) => Convert.ToHexStringLower(SHA256.HashData(model));
}
