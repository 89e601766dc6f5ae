using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Files;
using FreeMask.Json;
using FreeMask.Tensors;

namespace FreeMask.Training.Mask2Former;

/// <summary>A folder as Hugging Face's <c>save_pretrained</c> writes it: a configuration, and weights in one file or in several with an
/// index.</summary>
internal static class CheckpointFolder
{
    internal const string Config = ModelFileNames.Config, Weights = ModelFileNames.Weights, Index = ModelFileNames.WeightsIndex;

    /// <summary>Whether a folder holds weights.</summary>
    public static bool HasWeights(string folder) => File.Exists(Path.Combine(folder, Weights)) || File.Exists(Path.Combine(folder, Index));

    /// <summary>The <c>model_type</c> of a folder's configuration, such as <c>mask2former</c>; null where there is none.</summary>
    /// <exception cref="FreeMaskException">The configuration is not valid JSON.</exception>
    public static string? KindOf(string folder)
    {
        var path = Path.Combine(folder, Config);
        return File.Exists(path) ? (JsonFields.Load(path)["model_type"] as JsonValue)?.ToString() : null;
    }

    /// <summary>Reads all weights.</summary>
    /// <exception cref="FreeMaskException">There are none, or a part of them is missing or damaged.</exception>
    internal static SafetensorsFile LoadWeights(string folder)
    {
        var single = Path.Combine(folder, Weights);
        if (File.Exists(single)) return SafetensorsFile.Load(single);
        var index = Path.Combine(folder, Index);
        if (File.Exists(index)) return LoadShards(folder, index);
        throw new FreeMaskException(Directory.Exists(folder) && Directory.EnumerateFiles(folder, "pytorch_model*.bin").Any()
            ? $"{folder} holds pytorch_model.bin, a pickle, which is not read; save the model once more with safe_serialization=True."
            : $"{folder} holds neither {Weights} nor {Index}; a model folder holds config.json and one of them.");
    }

    private static SafetensorsFile LoadShards(string folder, string index)
    {
        if (JsonFields.Load(index)["weight_map"] is not JsonObject map) throw new FreeMaskException($"{index} has no weight_map.");
        var shards = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        var tensors = new List<NamedTensor>();
        foreach (var (name, value) in map)
        {
            var file = value is JsonValue text && text.GetValueKind() == JsonValueKind.String ? text.GetValue<string>() : "";
            if (file.Length == 0 || Path.GetFileName(file) != file)
                throw new FreeMaskException($"{index}: the file of {name} is '{file}'; expected the name of a file beside it.");
            if (!shards.TryGetValue(file, out var shard)) shards[file] = shard = SafetensorsFile.Load(Path.Combine(folder, file));
            if (!shard.TryGet(name, out var tensor))
                throw new FreeMaskException($"{index} says that {name} is in {file}, which has no such tensor.");
            tensors.Add(tensor!);
        }

        return new SafetensorsFile(tensors, shards.Values.FirstOrDefault()?.Metadata);
    }
}
