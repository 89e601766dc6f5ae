using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace FreeMask.Cli.Tests.Runs;

/// <summary>The program itself with a training program (tests/FreeMask.Trainer.TestHost), killed while that trains.</summary>
public sealed class TrainerKillTests : IDisposable
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(4);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_run_whose_process_is_killed_while_a_program_trains_goes_on_from_the_checkpoint()
    {
        var stop = TestContext.Current.CancellationToken;
        var undisturbed = await FinishAsync("straight", stop, "run", await RunFileAsync("straight", ""), "--json");
        var file = await RunFileAsync("killed", $", --fault, hold, --at, \"3\", --once, \"{_folder.Path("held")}\"");

        using (var process = Start("killed", "run", file, "--json"))
        {
            var result = process.StandardOutput.ReadToEndAsync(stop);
            // Messages are handled in their order: the checkpoint of step 2 is stored before step 3 is shown.
            while (await process.StandardError.ReadLineAsync(stop) is { } line && !line.Contains("step 3/4", StringComparison.Ordinal)) ;
            process.Kill();
            await process.WaitForExitAsync(stop);
            Assert.Contains("held at 3", Journal("killed"));
            await result;
        }

        var resumed = await FinishAsync("killed", stop, "resume", "--json");

        // Two folds and the segmenter: the first of them was killed at step 3, and had a checkpoint after step 2.
        string[] once = ["started at 0", "finished at 4"];
        Assert.Equal([.. once, .. once, .. once], Journal("straight"));
        Assert.Equal(["started at 0", "held at 3", "started at 2", "finished at 4", .. once, .. once], Journal("killed"));
        Assert.Equal(Hash(undisturbed), Hash(resumed));
        Assert.True(File.Exists(Path.Combine(resumed.GetProperty("segmenter").GetString()!, "model.safetensors")));
    }

    private static string? Hash(JsonElement document) => document.GetProperty("manifestHash").GetString();

    private string[] Journal(string data) => File.Exists(JournalOf(data)) ? File.ReadAllLines(JournalOf(data)) : [];

    private string JournalOf(string data) => _folder.Path($"{data}.journal");

    private async Task<string> RunFileAsync(string data, string fault)
    {
        var file = _folder.Path($"{data}.yaml");
        var program = Path.Combine(AppContext.BaseDirectory, "FreeMask.Trainer.TestHost.dll");
        await File.WriteAllTextAsync(
            file,
            $$"""
            name: trained
            seed: 5
            classes: [bus, chair]
            rounds: 1
            samplesPerRound: 6
            generation: { steps: 6, batch: 2, prompts: ["a photo of {a class}"] }
            mask: { minConfidence: 0 }
            scoring: { foldSteps: 4 }
            training: { steps: 4, checkpointSteps: 2 }
            trainer:
              command: [dotnet, "{{program}}", --journal, "{{JournalOf(data)}}"{{fault}}]
            evaluation: { dataset: none }
            """,
            TestContext.Current.CancellationToken);
        return file;
    }

    private async Task<JsonElement> FinishAsync(string data, CancellationToken stop, params string[] arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeLimit);
        using var process = Start(data, arguments);
        var (result, said) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {await said}");
        return JsonDocument.Parse(await result).RootElement.Clone();
    }

    private Process Start(string data, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "freemask.dll"));
        foreach (var argument in arguments.Append("--data").Append(_folder.Path(data))) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
