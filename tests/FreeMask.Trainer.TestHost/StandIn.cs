using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using FreeMask.Tensors;

namespace FreeMask.Trainer.TestHost;

/// <summary>Each step adds to the biases of the starting weights what depends on the step, so that a repeated or omitted step
/// shows.</summary>
internal sealed class StandIn(StandInOptions options)
{
    private const string Trained = "class_predictor.bias", Weights = "model.safetensors", Config = "config.json", StepFile = "step.txt";
    private const int Failed = 3;

    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _folder = Path.GetDirectoryName(options.Job)!;

    /// <summary>Ends after a checkpoint.</summary>
    internal void Stop() => _stop.TrySetResult();

    internal async Task<int> RunAsync()
    {
        var job = JsonNode.Parse(await File.ReadAllTextAsync(options.Job))!;
        var init = job["init"]!["folder"]!.ToString();
        var resume = job["resume"]?.ToString();
        var state = SafetensorsFile.Load(Path.Combine(_folder, resume ?? init, Weights));
        var step = resume is null ? 0 : int.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, resume, StepFile)), null);
        Note($"started at {step}");
        Say(new() { ["event"] = "message", ["text"] = $"{CountImages(job)} images" });
        Console.WriteLine("This line is no message.");
        for (var steps = (int)job["steps"]!; step < steps; step++)
        {
            if (_stop.Task.IsCompleted) return await LeaveAsync(step, state);
            if (options.Fault is { } fault && options.At == step && IsDue())
            {
                if (fault == "kill") Process.GetCurrentProcess().Kill();
                if (fault == "exit") return await FailAsync();
                Note($"held at {step}");
                // The process that started this one has died when its standard input ends.
                var gone = Task.Run(Console.In.ReadToEnd);
                if (await Task.WhenAny(_stop.Task, gone) == gone) return Failed;
                return await LeaveAsync(step, state);
            }

            state = Train(state, step);
            Say(new() { ["event"] = "progress", ["step"] = step + 1, ["loss"] = 1.0 / (step + 1) });
            if ((step + 1) % (int)job["checkpointSteps"]! == 0) await SaveAsync(step + 1, state);
        }

        await LeaveResultAsync(Path.Combine(_folder, job["output"]!.ToString()), init, state);
        Note($"finished at {step}");
        return 0;
    }

    private static SafetensorsFile Train(SafetensorsFile state, int step) =>
        Replace(state, Trained, values => [.. values.Select((value, i) => value + (float)Math.Sin(step + i))]);

    private static SafetensorsFile Replace(SafetensorsFile state, string name, Func<float[], float[]> change) => new(
        state.Tensors.Select(t => t.Name == name ? NamedTensor.FromSingles(name, [.. t.Shape], change(t.ToSingles())) : t),
        state.Metadata);

    private async Task<int> LeaveAsync(int step, SafetensorsFile state)
    {
        await SaveAsync(step, state);
        Note($"stopped at {step}");
        return 0;
    }

    private static async Task<int> FailAsync()
    {
        await Console.Error.WriteLineAsync("RuntimeError: CUDA out of memory (of the test)");
        return Failed;
    }

    private async Task SaveAsync(int step, SafetensorsFile state)
    {
        var relative = string.Create(CultureInfo.InvariantCulture, $"checkpoints/step-{step}");
        var target = Directory.CreateDirectory(Path.Combine(_folder, relative)).FullName;
        state.Save(Path.Combine(target, Weights));
        await File.WriteAllTextAsync(Path.Combine(target, StepFile), step.ToString(CultureInfo.InvariantCulture));
        Say(new() { ["event"] = "checkpoint", ["step"] = step, ["folder"] = relative });
    }

    private async Task LeaveResultAsync(string output, string init, SafetensorsFile state)
    {
        if (options.Result == "empty") return;
        if (options.Result == "nan") state = Replace(state, Trained, values => [.. values.Select(_ => float.NaN)]);
        if (options.Result == "shapes")
            state = new(state.Tensors.Select(t => t.Name == Trained ? NamedTensor.FromSingles(Trained, [1], [0f]) : t), state.Metadata);
        state.Save(Path.Combine(output, Weights));
        var config = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(init, Config)))!;
        if (options.Result == "classes") config["id2label"]!["1"] = "zeppelin";
        await File.WriteAllTextAsync(Path.Combine(output, Config), config.ToJsonString());
    }

    private bool IsDue()
    {
        if (options.Once is null) return true;
        if (File.Exists(options.Once)) return false;
        File.WriteAllText(options.Once, "");
        return true;
    }

    private int CountImages(JsonNode job) => new[] { "train", "val" }.Sum(part =>
        job["dataset"]![part] is { } data
            ? JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, data["annotations"]!.ToString())))!["images"]!.AsArray().Count
            : 0);

    private void Note(string line)
    {
        if (options.Journal is not null) File.AppendAllText(options.Journal, line + "\n");
    }

    private static void Say(JsonObject message) => Console.WriteLine(message.ToJsonString());
}
