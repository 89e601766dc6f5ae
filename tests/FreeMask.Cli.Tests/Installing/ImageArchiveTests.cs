using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using FreeMask.Vision.Tests;
using Xunit;

namespace FreeMask.Cli.Tests.Installing;

/// <summary>The images that <c>dotnet publish -t:PublishContainer</c> builds without an engine.</summary>
public sealed class ImageArchiveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DotnetCommand _command;

    public ImageArchiveTests() => _command = new(_folder.Root);

    public void Dispose() => _folder.Dispose();

    // Sizes are those of README.md in infra/containers: what an image adds to its base image, packed.
    [Fact]
    public Task The_dashboard_is_a_small_image_without_models() => CheckAsync(
        Path.Combine("client", "FreeMask.Dashboard"), "freemask-dashboard", "/app/FreeMask.Dashboard.dll", ["8080/tcp"], megabytes: 40,
        files: ["app/FreeMask.Dashboard.dll", "app/FreeMask.Client.dll"], models: false);

    // Explicit: packing libtorch twice takes minutes, and the settings are those of the dashboard's image.
    [Fact(Explicit = true)]
    public Task The_silo_is_an_image_with_models_and_libtorch() => CheckAsync(
        "silo", "freemask-silo", "/app/FreeMask.Silo.dll", ["11111/tcp", "30000/tcp", "8080/tcp"], megabytes: 220,
        files: ["app/FreeMask.Silo.dll", "app/libtorch_cpu.so", "app/models/mini/segmenter/model.safetensors"], models: true);

    [Fact(Explicit = true)]
    public Task The_command_line_is_an_image_with_models_and_libtorch() => CheckAsync(
        Path.Combine("client", "FreeMask.Cli"), "freemask", "/app/freemask.dll", [], megabytes: 260,
        files: ["app/freemask.dll", "app/libtorch_cpu.so", "app/models/mini/segmenter/model.safetensors"], models: true);

    private async Task CheckAsync(
        string project,
        string name,
        string program,
        string[] ports,
        int megabytes,
        string[] files,
        bool models)
    {
        await using var registry = new BaseImageRegistry("dotnet/aspnet");
        // The registry speaks HTTP.
        _command.Environment["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = registry.Address;
        var archive = Path.Combine(_folder.Root, "image.tar");
        var said = await _command.DotnetAsync(
            "publish", Path.Combine(Fixtures.RepositoryRoot, project), "-c", DotnetCommand.Configuration, "-r", "linux-x64",
            "--self-contained", "false", "-t:PublishContainer", $"-p:BaseImageRegistry={registry.Address}",
            $"-p:BaseImageDigest={registry.ManifestDigest}", $"-p:ContainerArchiveOutputPath={archive}", "-p:ContainerImageTag=test",
            "--artifacts-path", Path.Combine(_folder.Root, "build"));
        Assert.DoesNotContain("not pinned", said, StringComparison.Ordinal);

        // The form of "docker save": a list of images, the configuration of each, and its layers, the base image's first.
        var parts = Path.Combine(_folder.Root, "image");
        Directory.CreateDirectory(parts);
        await TarFile.ExtractToDirectoryAsync(archive, parts, overwriteFiles: false, TestContext.Current.CancellationToken);
        var image = Assert.Single(Read(Path.Combine(parts, "manifest.json")).EnumerateArray().ToArray());
        Assert.Equal($"{name}:test", Assert.Single(Strings(image.GetProperty("RepoTags"))));
        var layers = Strings(image.GetProperty("Layers"));
        Assert.Equal(2, layers.Length);
        var config = Read(Path.Combine(parts, image.GetProperty("Config").GetString()!)).GetProperty("config");

        Assert.Equal("1654", config.GetProperty("User").GetString());
        Assert.Equal("/app/", config.GetProperty("WorkingDir").GetString());
        Assert.Equal(["dotnet", program], Strings(config.GetProperty("Entrypoint")));
        var exposed = config.TryGetProperty("ExposedPorts", out var found) ? found.EnumerateObject().Select(p => p.Name) : [];
        Assert.Superset(ports.ToHashSet(), exposed.ToHashSet());
        var environment = Strings(config.GetProperty("Env"));
        Assert.Contains("FREEMASK_DATA=/data", environment);
        Assert.Contains("DOTNET_EnableDiagnostics=0", environment);
        Assert.Equal(models, environment.Contains("FreeMask__Models=/app/models"));
        var labels = config.GetProperty("Labels");
        Assert.Equal(name, labels.GetProperty("org.opencontainers.image.title").GetString());
        Assert.Equal("MIT", labels.GetProperty("org.opencontainers.image.licenses").GetString());
        Assert.False(labels.TryGetProperty("org.opencontainers.image.created", out _), "a time would make every build another image");

        var layer = new FileInfo(Path.Combine(parts, layers[1]));
        TestContext.Current.TestOutputHelper!.WriteLine($"{name}: {layer.Length / 1e6:0} MB packed");
        Assert.InRange(layer.Length, 1, megabytes * 1_000_000L);
        var entries = await EntriesAsync(layer.FullName);
        Assert.Superset(files.ToHashSet(), entries.Select(e => e.Name.TrimStart('.', '/')).ToHashSet());
        Assert.Equal(models, entries.Any(e => e.Name.EndsWith(".onnx", StringComparison.Ordinal)));
        // Files of another user or group may not be changed by the program.
        Assert.All(entries, e => Assert.False(e.Mode.HasFlag(UnixFileMode.OtherWrite), e.Name));
    }

    private static async Task<List<(string Name, UnixFileMode Mode)>> EntriesAsync(string layer)
    {
        await using var file = File.OpenRead(layer);
        await using var unpacked = new GZipStream(file, CompressionMode.Decompress);
        await using var reader = new TarReader(unpacked);
        List<(string, UnixFileMode)> result = [];
        while (await reader.GetNextEntryAsync(cancellationToken: TestContext.Current.CancellationToken) is { } entry)
            result.Add((entry.Name, entry.Mode));
        return result;
    }

    private static JsonElement Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        return document.RootElement.Clone();
    }

    private static string[] Strings(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetString()!)];
}
