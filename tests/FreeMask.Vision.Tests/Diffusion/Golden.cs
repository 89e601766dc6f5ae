using System.Text.Json;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Json;
using FreeMask.Tensors;

namespace FreeMask.Vision.Tests.Diffusion;

/// <summary>The golden data of one fixture folder (shared/fixtures/sd/README.md).</summary>
internal sealed class Golden
{
    internal Golden(string folder)
    {
        Folder = Fixtures.Path("sd", folder);
        var model = JsonDocument
            .Parse(File.ReadAllText(Path.Combine(Folder, "fixture.json")))
            .RootElement.GetProperty("model")
            .GetString()!;
        Tensors = SafetensorsFile.Load(Fixtures.Path("sd", "golden", model, "golden.safetensors"));
        Json = JsonDocument.Parse(PythonJson.ReadFile(Fixtures.Path("sd", "golden", model, "golden.json"))).RootElement;
    }

    internal string Folder { get; }

    internal SafetensorsFile Tensors { get; }

    internal JsonElement Json { get; }

    internal JsonElement Run(string name) => Json.GetProperty("runs").GetProperty(name);

    internal string Text(string prompt) => Json.GetProperty("prompts").GetProperty(prompt).GetProperty("text").GetString()!;

    internal SchedulerConfig Scheduler(string run)
    {
        var json = Run(run);
        return SchedulerConfig.Parse(
            json.GetProperty("config"),
            run,
            SchedulerConfig.KindOf(json.GetProperty("scheduler").GetString()!, run)
        );
    }

    internal float[] Values(string name) => Tensors[name].ToSingles();
}
