using System.IO.Compression;
using Xunit;

namespace FreeMask.Cli.Tests.Installing;

/// <summary>What users install: the package of <c>dotnet tool install</c>, and the archive of a platform.</summary>
public sealed class ToolPackageTests : IDisposable
{
    // A feed refuses packages of more than 250 MB.
    private const long Limit = 250_000_000;

    private readonly TemporaryFolder _folder = new();
    private readonly DotnetCommand _command;

    public ToolPackageTests() => _command = new(_folder.Root);

    private static string Root => Vision.Tests.Fixtures.RepositoryRoot;

    private static string Project => Path.Combine(Root, "client", "FreeMask.Cli");

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 900_000)]
    public async Task The_package_is_installed_from_a_folder_and_has_all_that_a_run_needs()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "libtorch is for Linux");
        var feed = Directory.CreateDirectory(Path.Combine(_folder.Root, "feed")).FullName;
        await _command.DotnetAsync("pack", Project, "-c", DotnetCommand.Configuration, "--no-build", "--nologo", "-o", feed);
        var package = Assert.Single(Directory.GetFiles(feed, "*.nupkg"));
        Assert.StartsWith("freemask.", Path.GetFileName(package), StringComparison.Ordinal);
        Assert.InRange(new FileInfo(package).Length, 1, Limit);
        await using (var zip = await ZipFile.OpenReadAsync(package, TestContext.Current.CancellationToken))
        {
            string[] platforms =
            [
                .. zip.Entries.Select(e => e.FullName.Split('/'))
                    .Where(p => p.Length > 4 && p[3] == "runtimes").Select(p => p[4]).Distinct(),
            ];
            Assert.Superset(new HashSet<string> { "linux-x64", "linux-arm64", "osx-arm64", "win-x64" }, platforms.ToHashSet());
            Assert.DoesNotContain(platforms, p => p is "ios" or "android" or "browser-wasm");
            Assert.DoesNotContain(zip.Entries, e => e.Name == "libSkiaSharp.pdb");
            // Models that were pulled beside it stay out.
            var bundles = zip.Entries.Select(e => e.FullName.Split('/')).Where(p => p.Length > 5 && p[3] == "models").Select(p => p[4]);
            Assert.Equal("mini", Assert.Single(bundles.Distinct()));
        }

        var tools = Path.Combine(_folder.Root, "tools");
        await _command.DotnetAsync("tool", "install", "freemask", "--tool-path", tools, "--source", feed);
        File.Delete(package);
        var program = Path.Combine(tools, "freemask");

        // Version and commit.
        var (exitCode, said, _) = await _command.RunAsync(program, "--version");
        Assert.Equal(0, exitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+\+[0-9a-f]{40}\s*$", said);

        (exitCode, said, var error) = await _command.RunAsync(program, "doctor");
        Assert.True(exitCode == 0, said + error);
        Assert.Matches("ok +model bundles +mini", said);

        // Without libtorch, as on other platforms: one message, and the rest works.
        File.Delete(Assert.Single(Directory.GetFiles(tools, "libtorch_cpu.so", SearchOption.AllDirectories)));
        (exitCode, said, error) = await _command.RunAsync(program, "run", Path.Combine(Root, "examples", "quickstart.yaml"), "--check");
        Assert.Equal(2, exitCode);
        Assert.Contains("Training needs libtorch", error, StringComparison.Ordinal);
        Assert.DoesNotContain("TorchSharp", said + error, StringComparison.Ordinal);
        (exitCode, said, error) = await _command.RunAsync(program, "models", "verify", "mini");
        Assert.True(exitCode == 0, said + error);
    }

    // Explicit: publishing and packing .NET and libtorch takes minutes.
    [Fact(Explicit = true)]
    public async Task The_archive_of_a_platform_runs_without_dotnet()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the archive is that of Linux on x64");
        await _command.DotnetAsync(
            "publish", Project, "-c", DotnetCommand.Configuration, "-r", "linux-x64", "-t:PublishArchive",
            $"-p:ArchiveOutputPath={_folder.Root}",
            "--artifacts-path", Path.Combine(_folder.Root, "build"));
        var archive = Assert.Single(Directory.GetFiles(_folder.Root, "freemask-*-linux-x64.tar.gz"));
        TestContext.Current.TestOutputHelper!.WriteLine($"{new FileInfo(archive).Length / 1e6:0} MB");
        var (unpacked, _, problem) = await _command.RunAsync("tar", "-xzf", archive, "-C", _folder.Root);
        Assert.True(unpacked == 0, problem);
        var name = Path.GetFileName(archive)[..^".tar.gz".Length];
        var (exitCode, said, error) = await _command.RunAsync("env", "-i", Path.Combine(_folder.Root, name, "freemask"), "doctor");
        Assert.True(exitCode == 0, said + error);
    }
}
