using System.Diagnostics;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

[assembly: AssemblyFixture(typeof(FreeMask.Silo.Tests.Services.LocalServices))]

namespace FreeMask.Silo.Tests.Services;

/// <summary>
/// Real Redis, PostgreSQL and Azurite on free loopback ports, started by <c>infra/local/up.sh</c> for the first test that needs one,
/// installed if absent, and stopped after the last test. If a service is not available, its tests are skipped with the reason.
/// </summary>
public sealed class LocalServices : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, (string? Connection, string? Reason)> _known = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-services-").FullName;

    public LocalServices()
    {
        // PostgreSQL does not run as root.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
    }

    /// <summary>Redis: a connection string of StackExchange.Redis.</summary>
    public Task<string> RedisAsync() => GetAsync("redis", "REDIS");

    /// <summary>PostgreSQL: a connection string of Npgsql for a database with FreeMask's tables.</summary>
    public Task<string> PostgreSqlAsync() => GetAsync("postgresql", "POSTGRESQL");

    /// <summary>Azurite: a connection string of an Azure Storage account.</summary>
    public Task<string> AzuriteAsync() => GetAsync("azurite", "AZURE_STORAGE");

    /// <summary>Stops a service; it is down when this returns.</summary>
    public async Task StopAsync(string service) => await RunAsync("down.sh", service);

    /// <summary>Starts a service again, on its port and data.</summary>
    public async Task StartAsync(string service) => await RunAsync("up.sh", service);

    /// <summary>Redis's append-only file; what is truncated at its end is lost, as in a power failure.</summary>
    public FileInfo RedisLog() =>
        new DirectoryInfo(Path.Combine(_folder, "redis", "appendonlydir"))
            .EnumerateFiles("*.incr.aof")
            .OrderByDescending(f => f.LastWriteTimeUtc)
            .First();

    public async ValueTask DisposeAsync()
    {
        await RunAsync("down.sh", "--wipe");
        _gate.Dispose();
    }

    private async Task<string> GetAsync(string service, string name)
    {
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!_known.TryGetValue(service, out var known)) _known[service] = known = await BringUpAsync(service, name);
            Assert.SkipWhen(known.Reason is not null, known.Reason ?? "");
            return known.Connection!;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<(string? Connection, string? Reason)> BringUpAsync(string service, string name)
    {
        if (OperatingSystem.IsWindows()) return (null, "the local services start by shell scripts");
        var (exitCode, error) = await RunAsync("up.sh", "--free-ports", service);
        if (exitCode != 0) return (null, error);
        var line = (await File.ReadAllLinesAsync(Path.Combine(_folder, "services.env"))).First(l =>
            l.StartsWith($"{name}=", StringComparison.Ordinal)
        );
        return (line[(name.Length + 1)..], null);
    }

    private async Task<(int ExitCode, string Error)> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "infra", "local", script), "--dir", _folder, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        // The services inherit the streams: wait for the exit of the script, not for the end of the streams.
        var error = process.StandardError.ReadLineAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? "" : await error ?? "");
    }
}
