using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace FreeMask.Cli.Tests.Runs;

/// <summary>The program as a process, stopped during a training step that takes seconds.</summary>
public sealed partial class InterruptTests : IDisposable
{
    private const int Interrupt = 2, HangUp = 1, Interrupted = 130;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(4);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Interrupt)]
    [InlineData(HangUp)]
    public async Task Leaving_in_the_middle_of_a_training_step_is_no_crash(int signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals.");
        Assert.SkipWhen(IsIgnored(signal), $"Signal {signal} is ignored here, as under nohup, and so by every process that is started.");
        var stop = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(
            _folder.Path("slow.yaml"),
            """
            classes: [bus, chair]
            rounds: 1
            samplesPerRound: 4
            generation: { steps: 1, batch: 2, guidance: 1, prompts: ["a photo of {a class}"] }
            mask: { refinement: none, minArea: 0, maxArea: 1, minConfidence: 0 }
            training: { steps: 50, batch: 64 }
            evaluation: { dataset: none }
            """,
            stop);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeLimit);
        using var process = Start();
        var said = new List<string>();
        // A step is running as soon as the training has printed its start.
        while (await process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            said.Add(line);
            if (line.Contains("fold 1 of 2", StringComparison.Ordinal)) break;
        }

        Assert.Equal(0, Send(process.Id, signal));
        var rest = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == Interrupted, $"exit code {process.ExitCode}: {string.Join('\n', said)}\n{await rest}");
        Assert.Contains("freemask resume", await rest, StringComparison.Ordinal);
    }

    private static bool IsIgnored(int signal)
    {
        const string status = "/proc/self/status", field = "SigIgn:";
        var line = File.Exists(status) ? File.ReadLines(status).FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal)) : null;
        return line is not null && ((Convert.ToUInt64(line[field.Length..].Trim(), 16) >> (signal - 1)) & 1) == 1;
    }

    private Process Start()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        // The process does not wait for the step, as one whose steps take longer than it waits.
        start.Environment["FREEMASK_FreeMask__DeviceWorker__StopTimeout"] = "00:00:00";
        foreach (
            var argument in new[]
            {
                Path.Combine(AppContext.BaseDirectory, "freemask.dll"),
                "run",
                _folder.Path("slow.yaml"),
                "--data",
                _folder.Path("data"),
            }
        )
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);
}
