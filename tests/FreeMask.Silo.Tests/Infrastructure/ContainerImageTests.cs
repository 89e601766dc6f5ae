using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>Images made by <c>dotnet publish -t:PublishContainer</c>, as archives on a base image of a registry on loopback.</summary>
[Collection("processes")]
public sealed class ContainerImageTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Budgets are for what the project adds to the base image, packed.</summary>
    [Theory]
    [InlineData("client/FreeMask.Dashboard/FreeMask.Dashboard.csproj", "freemask-dashboard", "FreeMask.Dashboard.dll", "8080/tcp", 1)]
    [InlineData("silo/FreeMask.Silo.csproj", "freemask-silo", "FreeMask.Silo.dll", "11111/tcp 30000/tcp 8080/tcp", 220)]
    public async Task An_image_has_its_program_and_runs_as_a_user_without_rights(string project, string image, string program, string ports,
        int megabytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "images are for Linux, and what is in them is started here");
        await using var registry = await BaseImageRegistry.StartAsync();
        var archive = Path.Combine(_folder.Path, "image.tar");
        var (exitCode, log, _) = await Tools.RunAsync("dotnet",
        [
            "publish", Path.Combine(Repository.Root, project), "-c", "Release", "-r", "linux-x64", "--self-contained", "false",
                "-t:PublishContainer",
            $"-p:ContainerArchiveOutputPath={archive}", $"-p:BaseImageRegistry={registry.Name}",
                $"-p:BaseImageDigest={registry.ManifestDigest}",
        ]);
        Assert.True(exitCode == 0, log);
        // The base image is asked for by its digest, so that what is built does not depend on the day.
        Assert.Contains($"dotnet/aspnet/manifests/{registry.ManifestDigest}", registry.Asked);

        TarFile.ExtractToDirectory(archive, _folder.Path, overwriteFiles: false);
        var entry = JsonDocument.Parse(await ReadAsync("manifest.json")).RootElement[0];
        Assert.StartsWith($"{image}:", entry.GetProperty("RepoTags")[0].GetString(), StringComparison.Ordinal);
        var document = JsonDocument.Parse(await ReadAsync(entry.GetProperty("Config").GetString()!)).RootElement;
        var config = document.GetProperty("config");
        Assert.Equal("1654", config.GetProperty("User").GetString());
        Assert.Equal(ports.Split(' '), config.GetProperty("ExposedPorts").EnumerateObject().Select(p => p.Name).Order(
            StringComparer.Ordinal));
        Assert.Equal(image, config.GetProperty("Labels").GetProperty("org.opencontainers.image.title").GetString());
        Assert.Equal("MIT", config.GetProperty("Labels").GetProperty("org.opencontainers.image.licenses").GetString());
        Assert.Equal(["dotnet", $"/app/{program}"], config.GetProperty("Entrypoint").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal(registry.LayerDigest, document.GetProperty("rootfs").GetProperty("diff_ids")[0].GetString());

        var layer = Path.Combine(_folder.Path, entry.GetProperty("Layers").EnumerateArray().Last().GetString()!);
        var size = new FileInfo(layer).Length / 1e6;
        output.WriteLine($"{image}: {size:0.0} MB packed, at most {megabytes} MB");
        Assert.InRange(size, 0, megabytes);
        var root = Directory.CreateDirectory(Path.Combine(_folder.Path, "root")).FullName;
        await using (var packed = File.OpenRead(layer))
        await using (var unpacked = new GZipStream(packed, CompressionMode.Decompress))
            await TarFile.ExtractToDirectoryAsync(unpacked, root, overwriteFiles: false);
        Assert.True(File.Exists(Path.Combine(root, "app", program)));
        // Native libraries of one platform only.
        Assert.False(Directory.Exists(Path.Combine(root, "app", "runtimes")));
        var environment = config.GetProperty("Env").EnumerateArray().Select(e => e.GetString()!.Split('=', 2)).ToDictionary(e => e[0], e =>
            e[1]);
        foreach (var folder in environment.Values.Where(v => v.StartsWith("/app/", StringComparison.Ordinal))) Assert.True(
            Directory.Exists(root + folder));
        await RunsAsync(Path.Combine(root, "app", program), root, environment);
    }

    /// <summary>Starts the program that was unpacked from the image; its own probe finds it healthy while it runs.</summary>
    private async Task RunsAsync(string program, string root, Dictionary<string, string> environment)
    {
        var (port, _) = Ports.Pair();
        var (siloPort, gatewayPort) = Ports.Pair();
        var address = $"http://127.0.0.1:{port}/health/live";
        Assert.Equal(1, (await Tools.RunAsync("dotnet", [program, "--probe", address])).ExitCode);
        var start = new ProcessStartInfo("dotnet", [program, $"--Urls=http://127.0.0.1:{port}", .. SiloPorts()]);
        foreach (var (name, value) in environment.Where(e => e.Key != "PATH")) start.Environment[name] = value.Replace("/app/",
            $"{root}/app/", StringComparison.Ordinal);
        start.Environment["FREEMASK_DATA"] = start.Environment["FreeMask__DataFolder"] = Directory.CreateDirectory(Path.Combine(root,
            "data")).FullName;
        start.Environment["DOTNET_gcServer"] = "0";
        using var process = Process.Start(start)!;
        try
        {
            while ((await Tools.RunAsync("dotnet", [program, "--probe", address])).ExitCode != 0)
                Assert.False(process.HasExited, "the program of the image ended");
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        string[] SiloPorts() => program.EndsWith("FreeMask.Silo.dll", StringComparison.Ordinal)
            ? [$"--Orleans:Endpoints:SiloPort={siloPort}", $"--Orleans:Endpoints:GatewayPort={gatewayPort}"]
            : [];
    }

    private Task<string> ReadAsync(string file) => File.ReadAllTextAsync(Path.Combine(_folder.Path, file),
        TestContext.Current.CancellationToken);
}
