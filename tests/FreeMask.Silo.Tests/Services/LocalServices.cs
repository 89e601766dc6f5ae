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
    private string? _thumbprint;

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

    /// <summary>A second Azurite, which takes tokens of an identity by https.</summary>
    public async Task<SecureAzurite> AzuriteByTokenAsync()
    {
        var connection = await GetAsync("secure", () => BringUpSecureAsync());
        var parts = connection
            .Split(';')
            .Select(part => part.Split('=', 2))
            .Where(part => part.Length == 2)
            .ToDictionary(part => part[0], part => part[1]);
        return new SecureAzurite(parts["TableEndpoint"], parts["BlobEndpoint"], _thumbprint!);
    }

    /// <summary>Stops a service; it is down when this returns.</summary>
    public async Task StopAsync(string service) => await RunAsync("down.sh", _folder, service);

    /// <summary>Starts a service again, on its port and data.</summary>
    public async Task StartAsync(string service) => await RunAsync("up.sh", _folder, service);

    /// <summary>Redis's append-only file; what is truncated at its end is lost, as in a power failure.</summary>
    public FileInfo RedisLog() =>
        new DirectoryInfo(Path.Combine(_folder, "redis", "appendonlydir"))
            .EnumerateFiles("*.incr.aof")
            .OrderByDescending(f => f.LastWriteTimeUtc)
            .First();

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(Secure)) await RunAsync("down.sh", Secure, "--wipe");
        await RunAsync("down.sh", _folder, "--wipe");
        _gate.Dispose();
    }

    private string Secure => Path.Combine(_folder, "secure");

    private Task<string> GetAsync(string service, string name) => GetAsync(service, () => BringUpAsync(_folder, name, service));

    private async Task<string> GetAsync(string service, Func<Task<(string? Connection, string? Reason)>> bringUp)
    {
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!_known.TryGetValue(service, out var known)) _known[service] = known = await bringUp();
            Assert.SkipWhen(known.Reason is not null, known.Reason ?? "");
            return known.Connection!;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<(string? Connection, string? Reason)> BringUpSecureAsync()
    {
        Directory.CreateDirectory(Secure);
        var (certificate, key) = (Path.Combine(Secure, "certificate.pem"), Path.Combine(Secure, "key.pem"));
        _thumbprint = await SecureAzurite.WriteCertificateAsync(certificate, key);
        return await BringUpAsync(Secure, "AZURE_STORAGE", "--certificate", certificate, key, "azurite");
    }

    private static async Task<(string? Connection, string? Reason)> BringUpAsync(string folder, string name, params string[] arguments)
    {
        if (OperatingSystem.IsWindows()) return (null, "the local services start by shell scripts");
        var (exitCode, error) = await RunAsync("up.sh", folder, ["--free-ports", .. arguments]);
        if (exitCode != 0) return (null, error);
        var line = (await File.ReadAllLinesAsync(Path.Combine(folder, "services.env"))).First(l =>
            l.StartsWith($"{name}=", StringComparison.Ordinal)
        );
        return (line[(name.Length + 1)..], null);
    }

    private static async Task<(int ExitCode, string Error)> RunAsync(string script, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "infra", "local", script), "--dir", folder, .. arguments])
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
