using System.Text.Json;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Json;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Conformance;

/// <summary>
/// What a reference pipeline computed for a model: <c>golden.json</c> (prompts, runs and their settings) and <c>golden.safetensors</c>
/// (token ids, embeddings, noise, predictions and latents of every step, attention maps, images).
/// </summary>
internal sealed class GoldenData
{
    private readonly SafetensorsFile _tensors;
    private readonly JsonElement _json;

    private GoldenData(SafetensorsFile tensors, JsonElement json)
    {
        _tensors = tensors;
        _json = json;
    }

    /// <summary>Names and texts of prompts.</summary>
    internal IReadOnlyList<(string Name, string Text)> Prompts =>
        [.. _json.GetProperty("prompts").EnumerateObject().Select(p => (p.Name, p.Value.GetProperty("text").GetString() ?? ""))];

    /// <summary>The runs.</summary>
    internal IReadOnlyList<GoldenRun> Runs => [.. _json.GetProperty("runs").EnumerateObject().Select(r => new GoldenRun(r.Name, r.Value))];

    internal static GoldenData Load(string folder)
    {
        var path = Path.Combine(folder, "golden.json");
        if (!File.Exists(path))
            throw new FreeMaskException($"{path} does not exist; a folder of golden data holds golden.json and golden.safetensors.");
        try
        {
            var json = JsonDocument.Parse(PythonJson.ReadFile(path)).RootElement;
            return new(SafetensorsFile.Load(Path.Combine(folder, "golden.safetensors")), json);
        }
        catch (JsonException e)
        {
            throw new FreeMaskException($"{path} is not valid JSON: {e.Message}", e);
        }
    }

    internal string TextOf(string prompt) => Prompts.First(p => p.Name == prompt).Text;

    internal bool Has(string name) => _tensors.TryGet(name, out _);

    internal float[] Values(string name) => _tensors[name].ToSingles();

    internal FloatTensor Tensor(string name) => new(Values(name), [.. _tensors[name].Shape]);
}

/// <summary>The settings of one reference run.</summary>
internal sealed class GoldenRun(string name, JsonElement json)
{
    internal string Name { get; } = name;

    internal int Steps => json.GetProperty("steps").GetInt32();

    internal int Width => json.GetProperty("width").GetInt32();

    internal int Height => json.GetProperty("height").GetInt32();

    internal float Guidance => json.GetProperty("guidance").GetSingle();

    internal bool Guided => json.Flag("classifier_free_guidance") ?? false;

    internal string? Negative => json.Text("negative");

    internal IReadOnlyList<string> Prompts => [.. json.GetProperty("prompts").EnumerateArray().Select(p => p.GetString() ?? "")];

    internal SchedulerConfig Scheduler =>
        SchedulerConfig.Parse(
            json.GetProperty("config"),
            $"run {Name}",
            SchedulerConfig.KindOf(json.GetProperty("scheduler").GetString() ?? "", $"run {Name}")
        );

    /// <summary>Classes by image, in the order of the tensors mean_class.I.</summary>
    internal IReadOnlyList<(int Image, string Text)> Classes => json.TryGetProperty("classes", out var classes)
        ? [.. classes.EnumerateArray().Select(c => (c.GetProperty("image").GetInt32(), c.GetProperty("text").GetString() ?? ""))]
        : [];
}
