using System.Diagnostics;
using System.Text.Json;
using FreeMask.Randomness;
using Xunit;

namespace FreeMask.Cli.Tests.Runs;

/// <summary>The program itself, with the models that ship, killed without warning at random moments.</summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const string Seed = "FREEMASK_KILL_SEED";
    private const int Moments = 5, Killed = 137;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(4), PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly TemporaryFolder _folder = new();

    private string RunFile => _folder.Path("tiny.yaml");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_killed_and_resumed_run_makes_what_an_undisturbed_one_makes()
    {
        var stop = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(
            RunFile,
            """
            seed: 5
            classes: [bus, chair]
            rounds: 2
            samplesPerRound: 6
            generation: { steps: 6, batch: 2, prompts: ["a photo of {a class}"] }
            mask: { minConfidence: 0 }
            composition: { multiShare: 1 }
            training: { init: backbone, steps: 3, batch: 4, checkpointSteps: 1 }
            evaluation: { dataset: none }
            """,
            stop);
        var undisturbed = Document(await FinishAsync("straight", stop, "run", RunFile, "--json"));
        var artifacts = CountArtifacts("straight");
        Assert.Equal(2, undisturbed.GetProperty("rounds").GetArrayLength());

        // A moment is "when n artifacts are there": no clock decides it, and n comes from the seed, one in each fifth of the run.
        var seed = ulong.Parse(Environment.GetEnvironmentVariable(Seed) ?? "1", System.Globalization.CultureInfo.InvariantCulture);
        for (var i = 0; i < Moments; i++)
        {
            var fifth = (artifacts - 1) / Moments;
            var moment = 1 + (i * fifth) + new CounterRandom(seed, i, 0, "kill").NextInt(fifth);
            output.WriteLine($"{Seed}={seed}: killed when {moment} of {artifacts} artifacts are there");
            var data = $"killed-{i}";
            await KillAsync(data, moment, stop);
            Assert.True(CountArtifacts(data) < artifacts, "The run was over before it was killed.");
            var resumed = Document(await FinishAsync(data, stop, "resume", "--json"));
            Assert.Equal(undisturbed.GetProperty("manifestHash").GetString(), resumed.GetProperty("manifestHash").GetString());
            Assert.Equal(Names(undisturbed), Names(resumed));
        }
    }

    private static JsonElement Document(string text) => JsonDocument.Parse(text).RootElement.Clone();

    private static IEnumerable<string> Names(JsonElement document) => document.EnumerateObject().Select(property => property.Name);

    private int CountArtifacts(string data) =>
        Directory.Exists(_folder.Path(data))
            ? Directory.EnumerateFiles(_folder.Path(data), new string('?', 64), SearchOption.AllDirectories).Count()
            : 0;

    private async Task<string> FinishAsync(string data, CancellationToken stop, params string[] arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeLimit);
        using var process = Start(data, arguments);
        var (result, said) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {await said}");
        return await result;
    }

    private async Task KillAsync(string data, int artifacts, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeLimit);
        using var process = Start(data, "run", RunFile, "--json");
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        using var timer = new PeriodicTimer(PollInterval);
        while (CountArtifacts(data) < artifacts && !process.HasExited) await timer.WaitForNextTickAsync(limit.Token);
        process.Kill();
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == Killed, $"exit code {process.ExitCode}: {string.Join('\n', await said)}");
    }

    private Process Start(string data, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "freemask.dll"));
        foreach (var argument in arguments.Append("--data").Append(_folder.Path(data))) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
