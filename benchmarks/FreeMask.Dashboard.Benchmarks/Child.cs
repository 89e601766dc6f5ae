using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FreeMask.Dashboard.Benchmarks;

/// <summary>A process that is measured from outside: Linux tells its memory and processor time.</summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private Child(Process process) => _process = process;

    /// <summary>Resident memory in MiB.</summary>
    public double Memory => MemoryOf(_process.Id, "VmRSS");

    /// <summary>Private memory in MiB: without pages of files, which are programs and libraries.</summary>
    public double PrivateMemory => MemoryOf(_process.Id, "RssAnon");

    /// <summary>Seconds of processor time so far.</summary>
    public double Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>Whether the process has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>A value of <c>/proc/PID/status</c> in MiB.</summary>
    internal static double MemoryOf(int process, string name) =>
        File.ReadLines($"/proc/{process}/status")
            .Where(line => line.StartsWith(name + ":", StringComparison.Ordinal))
            .Select(line => double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture))
            .First() / 1024;

    /// <summary>This program once more, to work on a run.</summary>
    internal static async Task<Child> StartPipelineAsync(string folder, int samples, int changes)
    {
        string[] arguments =
        [
            "pipeline", folder, samples.ToString(CultureInfo.InvariantCulture), changes.ToString(CultureInfo.InvariantCulture),
        ];
        var child = Start(Environment.ProcessPath!, arguments, readsOutput: true);
        if (await child.ReadLineAsync() != "open") throw new InvalidOperationException("The process of the run ended at once.");
        return child;
    }

    /// <summary>The dashboard's program, beside the process that works on the folder.</summary>
    internal static async Task<(Child Child, string Address)> StartDashboardAsync(string folder)
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var child = Start(Path.Combine(AppContext.BaseDirectory, "FreeMask.Dashboard"), ["--data", folder, "--urls", address]);
        using var client = new HttpClient();
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                await client.GetStringAsync($"{address}/health/live", patience.Token);
                return (child, address);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100, patience.Token);
            }
        }
    }

    /// <summary>Lets a process of a run start it.</summary>
    internal Task GoAsync() => _process.StandardInput.WriteLineAsync("go");

    /// <summary>The next line that the process writes; null after the last.</summary>
    internal Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync();

    /// <summary>Waits for the end of the run.</summary>
    /// <returns>Seconds, and seconds of processor time.</returns>
    internal async Task<(double Seconds, double Cpu)> ReadEndAsync()
    {
        var words = (await ReadLineAsync())?.Split(' ');
        if (words is not ["Completed", var seconds, var cpu])
            throw new InvalidOperationException($"The run did not complete: {string.Join(' ', words ?? ["no answer"])}.");
        return (double.Parse(seconds, CultureInfo.InvariantCulture), double.Parse(cpu, CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            // The process of a run ends with its input; the dashboard has none.
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static Child Start(string program, IEnumerable<string> arguments, bool readsOutput = false) =>
        new(Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = readsOutput,
        })!);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
