using System.Diagnostics;
using System.Net;
using Xunit;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>A silo as a process, with signals.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly Process _process;
    private readonly int _port;

    private SiloProcess(string name, Process process, int port, string journal) =>
        (Name, _process, _port, Journal) = (name, process, port, journal);

    /// <summary>The silo's name.</summary>
    public string Name { get; }

    /// <summary>The journal of started work.</summary>
    public string Journal { get; }

    /// <summary>Whether the process has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts a silo; it is not ready yet.</summary>
    /// <param name="name">The silo's name; also of its log and journal.</param>
    /// <param name="folder">The folder of its log and journal.</param>
    /// <param name="arguments">Settings as arguments.</param>
    /// <param name="port">The port of its health endpoints.</param>
    /// <param name="environment">Its whole environment, but for what finds the runtime; null for the environment of this process.</param>
    /// <param name="workingFolder">Its working directory; null for that of this process.</param>
    public static SiloProcess Start(
        string name,
        string folder,
        IEnumerable<string> arguments,
        int port,
        IReadOnlyDictionary<string, string>? environment = null,
        string? workingFolder = null
    )
    {
        var journal = Path.Combine(folder, $"{name}.journal");
        var program = Path.Combine(AppContext.BaseDirectory, "FreeMask.Silo.TestHost.dll");
        // Its output goes to a file through the shell, so that a process which is killed leaves no pipe behind; exec keeps the process id.
        var command = $"exec dotnet \"$@\" >>'{Path.Combine(folder, $"{name}.log")}' 2>&1";
        var start = new ProcessStartInfo(
            "bash",
            ["-c", command, "silo", program, .. arguments, $"--urls=http://127.0.0.1:{port}", $"--Test:Journal={journal}"]
        );
        if (workingFolder is not null) start.WorkingDirectory = workingFolder;
        if (environment is not null) Replace(start.Environment, environment);
        // Several silos share this machine.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new SiloProcess(name, Process.Start(start)!, port, journal);
    }

    /// <summary>The end of its log, for the message of a test that fails.</summary>
    private string LastLines()
    {
        const int Lines = 12;
        var log = Path.ChangeExtension(Journal, ".log");
        return File.Exists(log) ? string.Join(Environment.NewLine, File.ReadLines(log).TakeLast(Lines)) : "no log";
    }

    /// <summary>Waits until the silo is ready.</summary>
    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        while (!await IsReadyAsync(cancellationToken))
        {
            if (_process.HasExited)
                Assert.Fail($"silo {Name} ended with exit code {_process.ExitCode} before it was ready: {LastLines()}");
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>What the silo says about each of its checks.</summary>
    public async Task<string> HealthAsync(CancellationToken cancellationToken)
    {
        using var answer = await Http.GetAsync(new Uri($"http://127.0.0.1:{_port}/health/ready"), cancellationToken);
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }

    /// <summary>Sends a signal: KILL, TERM, STOP or CONT.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for the end of the process.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static void Replace(IDictionary<string, string?> all, IReadOnlyDictionary<string, string> environment)
    {
        foreach (var name in all.Keys.Except(["PATH", "HOME", "DOTNET_ROOT"], StringComparer.Ordinal).ToList()) all.Remove(name);
        foreach (var (name, value) in environment) all[name] = value;
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri($"http://127.0.0.1:{_port}/health/ready"), cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception exception)
            when (exception is HttpRequestException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return false;
        }
    }
}
