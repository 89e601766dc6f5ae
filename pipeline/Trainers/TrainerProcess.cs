using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FreeMask.Pipeline.Trainers;

/// <summary>How a training program ended.</summary>
/// <param name="Code">Its exit code; 128 + n if signal n ended it.</param>
/// <param name="IsSilent">Whether it was ended because it sent no message for too long.</param>
/// <param name="LastErrors">The last lines of its standard error.</param>
internal sealed record TrainerExit(int Code, bool IsSilent, IReadOnlyList<string> LastErrors)
{
    private const int FirstSignal = 128;

    /// <summary>Whether something outside of it ended the program, such as the system for want of memory.</summary>
    internal bool IsKilled => Code > FirstSignal && !IsSilent;
}

/// <summary>Runs a training program to its end: reads its messages, ends it when it falls silent, and tells it when to stop.</summary>
/// <param name="time">The clock of the limits.</param>
/// <param name="logger">Gets what the program writes to standard error, and its notes.</param>
internal sealed partial class TrainerProcess(TimeProvider time, ILogger logger)
{
    private const int ErrorsKept = 20, Terminate = 15;

    // Longer than a checkpoint takes to write; a silo that stops does not wait as long.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    // The program does not need the settings of the silo, which hold secrets.
    private static readonly string[] OwnVariables = ["ConnectionStrings", "Orleans", "FreeMask", "FREEMASK", "AZURE_", "OTEL_"];

    /// <summary>Runs the program. It is told to stop by SIGTERM (elsewhere than on Unix: by closing its standard input) when
    /// <paramref name="stop"/> is cancelled, and ended if that does not help.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="job">The path of the job file, its last argument; its folder becomes the current folder.</param>
    /// <param name="maxSilence">How long it may send no message.</param>
    /// <param name="receive">Gets each message; the next is read when it completes. Its exceptions end the program.</param>
    /// <param name="stop">Cancels.</param>
    /// <exception cref="FreeMaskException">The program cannot be started.</exception>
    internal async Task<TrainerExit> RunAsync(
        IReadOnlyList<string> command,
        string job,
        TimeSpan maxSilence,
        Func<TrainerMessage, Task> receive,
        CancellationToken stop
    )
    {
        using var process = Start(command, job);
        LogStarted(logger, command[0], process.Id);
        var errors = new Queue<string>();
        var reading = ReadErrorsAsync(process, errors);
        using var silence = new CancellationTokenSource(maxSilence, time);
        using var overdue = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, overdue.Token);
        await using var stopping = stop.Register(() =>
        {
            SendStop(process);
            overdue.CancelAfter(StopLimit);
        });
        try
        {
            while (await process.StandardOutput.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(end.Token) is { } line)
            {
                if (TrainerMessage.Parse(line) is not { } message)
                {
                    LogOutput(logger, line);
                    continue;
                }

                silence.CancelAfter(Timeout.InfiniteTimeSpan);
                if (message is TrainerNote note) LogNote(logger, note.Text);
                await receive(message);
                silence.CancelAfter(maxSilence);
            }

            await process.WaitForExitAsync(end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // Ended below.
        }
        finally
        {
            await EndAsync(process);
        }

        // Programs that it started may keep its standard error open.
        await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None));
        lock (errors) return new TrainerExit(process.ExitCode, silence.IsCancellationRequested, [.. errors]);
    }

    private static Process Start(IReadOnlyList<string> command, string job)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(job),
        };
        foreach (var argument in command.Skip(1).Append(job)) start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(IsOwn).ToArray()) start.Environment.Remove(name);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new FreeMaskException(
                $"The training program '{command[0]}' cannot be started on {Environment.MachineName}: {exception.Message}. "
                    + "'trainer.command' begins with a program on the PATH of the silo, or with its full path.",
                exception
            );
        }
    }

    private static bool IsOwn(string variable) => OwnVariables.Any(own => variable.StartsWith(own, StringComparison.Ordinal));

    private async Task ReadErrorsAsync(Process process, Queue<string> last)
    {
        try
        {
            while (await process.StandardError.ReadLineAsync() is { } line)
            {
                if (string.IsNullOrWhiteSpace(line)) continue;
                LogError(logger, line);
                lock (last)
                {
                    last.Enqueue(line);
                    if (last.Count > ErrorsKept) last.Dequeue();
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The process has ended.
        }
    }

    private static void SendStop(Process process)
    {
        try
        {
            if (OperatingSystem.IsWindows()) process.StandardInput.Close();
            else if (!process.HasExited) _ = Signal(process.Id, Terminate);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException)
        {
            // It has ended.
        }
    }

    private static async Task EndAsync(Process process)
    {
        try
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It has ended.
        }

        await process.WaitForExitAsync(CancellationToken.None);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);

    [LoggerMessage(Level = LogLevel.Information, Message = "Training program {Program} started as process {Process}")]
    private static partial void LogStarted(ILogger logger, string program, int process);

    [LoggerMessage(Level = LogLevel.Information, Message = "Training program: {Text}")]
    private static partial void LogNote(ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Information, Message = "Training program (standard error): {Line}")]
    private static partial void LogError(ILogger logger, string line);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Training program (standard output): {Line}")]
    private static partial void LogOutput(ILogger logger, string line);
}
