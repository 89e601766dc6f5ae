using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using FreeMask.Files;
using FreeMask.Json;

namespace FreeMask.Vision;

/// <summary>A folder that a training of FreeMask wrote: <c>model.onnx</c>, and <c>config.json</c>, which says what it is.</summary>
internal static class TrainedModelFolder
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads the configuration of a folder; null where the folder has none.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="what">What messages call the model, such as <c>a harmonizer</c>.</param>
    /// <param name="kind">The kind of model that is expected.</param>
    /// <param name="kindOf">The kind that a configuration names.</param>
    /// <exception cref="FreeMaskException">It is of another kind of model, or damaged.</exception>
    internal static T? Read<T>(string folder, string what, string kind, Func<T, string> kindOf) where T : class
    {
        var path = Path.Combine(folder, ModelFileNames.Config);
        if (!File.Exists(path)) return null;
        try
        {
            var config = JsonSerializer.Deserialize<T>(PythonJson.ReadFile(path), Json);
            if (config is not null && kindOf(config) == kind) return config;
        }
        catch (JsonException invalid)
        {
            throw new FreeMaskException($"{path} is not valid JSON of {what}.", invalid);
        }

        throw new FreeMaskException(
            $"{path} is of another kind of model; '{kind}' is expected. A public export needs no {ModelFileNames.Config}."
        );
    }

    /// <summary>Writes model and configuration, the configuration last: a folder that has one is complete.</summary>
    internal static void Write<T>(string folder, byte[] model, T config)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, ModelFileNames.Onnx), model);
        byte[] text = [.. JsonSerializer.SerializeToUtf8Bytes(config, Json), (byte)'\n'];
        AtomicFile.Write(Path.Combine(folder, ModelFileNames.Config), text);
    }

    /// <summary>The sha256 of a model, in lower-case hexadecimal digits.</summary>
    internal static string HashOf(byte[] model) => Convert.ToHexStringLower(SHA256.HashData(model));
}
