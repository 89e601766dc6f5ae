using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Json;

namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// A model's <c>scheduler_config.json</c>, and what samplers make of it. There is one way to a sampler's settings, diffusers'
/// <c>from_config</c>: what the file states is kept, what it leaves out has the default of the chosen class.
/// </summary>
public sealed class SchedulerFile
{
    private readonly JsonElement _json;
    private readonly string _origin;

    /// <summary>Wraps settings.</summary>
    /// <param name="json">The object.</param>
    /// <param name="origin">What messages call it.</param>
    /// <exception cref="FreeMaskException">The noise that the model was trained with is none that FreeMask has.</exception>
    public SchedulerFile(JsonElement json, string origin)
    {
        (_json, _origin) = (json.Clone(), origin);
        Noise = SchedulerConfigReader.ReadNoise(_json, origin);
    }

    /// <summary>The names of the samplers that <see cref="Under"/> knows.</summary>
    public static IReadOnlyList<string> SamplerNames => SamplerTable.Names;

    /// <summary>The class that the file names; empty where it names none.</summary>
    public string ClassName => _json.Text("_class_name") ?? "";

    /// <summary>The sampler that the file names.</summary>
    /// <exception cref="FreeMaskException">FreeMask does not have it, or not with these settings; another one may be chosen.</exception>
    public SchedulerConfig Own => SchedulerConfigReader.Read(_json, _origin, SchedulerConfig.KindOf(ClassName, _origin));

    /// <summary>Whether the settings are those of models that were distilled to a few steps (Turbo): Euler with trailing timesteps, without
    /// a mended noise schedule.</summary>
    internal bool IsDistilled =>
        TryOwn(out _)
            is
        {
            Kind: SchedulerKind.Euler or SchedulerKind.EulerAncestral,
            Spacing: TimestepSpacing.Trailing,
            RescaleZeroTerminalSnr: false
        };

    /// <summary>The noise that the model was trained with; its sampler means nothing.</summary>
    internal SchedulerConfig Noise { get; }

    /// <summary>Reads a file. A class that FreeMask does not have is no fault as long as another sampler is chosen.</summary>
    /// <exception cref="FreeMaskException">The file is missing or damaged, or names training noise that FreeMask does not have.</exception>
    public static SchedulerFile Load(string path)
    {
        using var file = JsonFile.Read(path);
        return file.RootElement.ValueKind == JsonValueKind.Object
            ? new(file.RootElement, path)
            : throw new FreeMaskException($"{path} is no JSON object.");
    }

    /// <summary>The sampler that the file names, or null and why FreeMask does not have it.</summary>
    internal SchedulerConfig? TryOwn(out string? why)
    {
        try
        {
            why = null;
            return Own;
        }
        catch (FreeMaskException unknown)
        {
            why = unknown.Message;
            return null;
        }
    }

    /// <summary>The model's settings under another sampler.</summary>
    /// <param name="sampler">One of <see cref="SamplerNames"/>.</param>
    /// <exception cref="FreeMaskException">There is no such sampler, or it does not have a setting that the file asks for.</exception>
    public SchedulerConfig Under(string sampler)
    {
        var named = SamplerTable.ByName(sampler);
        var settings = JsonObject.Create(_json)!;
        foreach (var (key, value) in named.Settings) settings[key] = JsonValue.Create(value);
        using var json = JsonDocument.Parse(settings.ToJsonString());
        return SchedulerConfigReader.Read(json.RootElement, $"{_origin} under the sampler {sampler}", named.Kind);
    }
}
