using System.Diagnostics;
using Xunit;

namespace FreeMask.Cli.Tests.Terminal;

/// <summary>The program as a process, for streams and folders that tests in this process cannot have.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("\"$FREEMASK\" models list --json >&-", 1)]
    [InlineData("\"$FREEMASK\" models list >/dev/full", 1)]
    [InlineData("\"$FREEMASK\" models list --json >&- 2>&-", 1)]
    [InlineData("\"$FREEMASK\" models list 2>&-", 0)]
    [InlineData("mkdir gone && cd gone && rmdir ../gone && \"$FREEMASK\" models list", 2)]
    [InlineData("mkdir gone && cd gone && rmdir ../gone && \"$FREEMASK\" --help", 0)]
    public async Task Streams_and_folders_that_are_gone_end_in_an_exit_code(string command, int expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A POSIX shell closes the streams.");
        var (code, _, error) = await RunAsync(command);
        Assert.True(code == expected, $"{code}: {error}");
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("did not expect", error, StringComparison.Ordinal);
    }

    // Another attempt may find the silos started: 1, where a wrong file is 2.
    [Fact]
    public async Task A_cluster_that_does_not_answer_is_no_mistake_of_the_user()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The command is one of a POSIX shell.");
        var file = _folder.Path("cluster.json");
        // Nothing listens on port 1.
        await File.WriteAllTextAsync(
            file,
            """
            {
              "ConnectionStrings": { "state": "127.0.0.1:1,connectRetry=0,connectTimeout=500" },
              "Orleans": { "ClusterId": "c", "ServiceId": "c", "Clustering": { "ProviderType": "Redis", "ConnectionName": "state" } },
              "FreeMask": { "Artifacts": { "Type": "Folder", "Folder": "/tmp/never-made" } }
            }
            """,
            TestContext.Current.CancellationToken);
        var (code, said, error) = await RunAsync($"\"$FREEMASK\" status --json --cluster '{file}'");
        Assert.True(code == 1, $"{code}: {error}");
        Assert.Contains($"No silo of the cluster in '{file}'", said, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, "{", TestContext.Current.CancellationToken);
        (code, said, error) = await RunAsync($"\"$FREEMASK\" status --json --cluster '{file}'");
        Assert.True(code == 2, $"{code}: {error}");
        Assert.Contains(file, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_not_be_read_is_said_with_its_path()
    {
        // Root may read everything, so the program runs as the user 'nobody'.
        Assert.SkipUnless(
            Environment.UserName == "root" && File.Exists("/usr/bin/setpriv"),
            "Needs root and setpriv, to run the program as another user."
        );
        if (OperatingSystem.IsWindows()) return;
        File.SetUnixFileMode(_folder.Root, (UnixFileMode)0b111_101_101);
        foreach (var name in (string[])["JPEGImages", "SegmentationClass"]) Directory.CreateDirectory(_folder.Path("voc", name));
        await File.WriteAllTextAsync(_folder.Path("voc", "JPEGImages", "a.jpg"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder.Path("voc", "SegmentationClass", "a.png"), "", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_folder.Path("voc", "SegmentationClass"), UnixFileMode.UserRead);
        File.WriteAllText(_folder.Path("secret.yaml"), "classes: [cat]");
        File.SetUnixFileMode(_folder.Path("secret.yaml"), UnixFileMode.UserRead);
        foreach (var name in (string[])["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"])
            Directory.CreateDirectory(_folder.Path("listed", name));
        await File.WriteAllTextAsync(_folder.Path("listed", "JPEGImages", "a.jpg"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder.Path("listed", "SegmentationClass", "a.png"), "", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(_folder.Path("coco", "annotations"));
        Directory.CreateDirectory(_folder.Path("coco", "train2017"));
        var (list, json) = (
            _folder.Path("listed", "ImageSets", "Segmentation", "train.txt"),
            _folder.Path("coco", "annotations", "instances_train2017.json")
        );
        foreach (var file in new[] { list, json })
        {
            await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
            File.SetUnixFileMode(file, UnixFileMode.UserRead);
        }

        const string AsNobody = "setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp \"$FREEMASK\" ";

        foreach (var (arguments, path) in new[]
        {
            ($"train segmenter --dataset '{_folder.Path("voc")}' --out /tmp/never-made", _folder.Path("voc", "SegmentationClass")),
            ($"train segmenter --dataset '{_folder.Path("listed")}' --out /tmp/never-made", list),
            ($"train segmenter --dataset '{_folder.Path("coco")}' --out /tmp/never-made", json),
            ($"thesaurus query grass --thesaurus '{json}'", json),
            ($"run '{_folder.Path("secret.yaml")}'", _folder.Path("secret.yaml")),
            ($"export run --data /tmp/none --out '{_folder.Path("out")}'", _folder.Root),
        })
        {
            var (code, _, error) = await RunAsync(AsNobody + arguments);
            Assert.True(code == 2, $"{code}: {error}");
            Assert.Contains(path, error, StringComparison.Ordinal);
            Assert.Contains("denied", error, StringComparison.Ordinal);
            Assert.DoesNotContain("does not exist", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Bash_completes_verbs_options_and_runs()
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "Needs bash.");
        Directory.CreateDirectory(_folder.Path("data", "runs", "cats"));
        var (_, output, error) = await RunAsync(
            $$"""
            PATH="$(dirname "$FREEMASK"):$PATH" exec bash -c '
            source <(freemask completion bash)
            ask() { COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
                _freemask; echo "${COMPREPLY[@]}"; }
            ask freemask sta
            ask freemask export --form
            ask freemask report --data {{_folder.Path("data")}} c'
            """
        );
        Assert.Equal(["status", "--format", "cats"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(error);
    }

    [Fact]
    public async Task Onnx_runtime_sends_nothing_and_keeps_nothing_of_the_machine()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A POSIX shell sets the folders.");
        var home = Directory.CreateDirectory(_folder.Path("home")).FullName;
        var trace = _folder.Path("trace.txt");
        var (_, _, cannot) = await RunAsync("strace -o /dev/null true");
        var traced = cannot.Length == 0 ? $"strace -f -e trace=connect,sendto,sendmmsg,openat -o '{trace}' " : "";

        // A session is made and computes: telemetry would start at once, and write its files before the process ends.
        var (code, document, error) = await RunAsync(
            $"unset ORT_DISABLE_TELEMETRY XDG_CACHE_HOME; HOME='{home}' {traced}\"$FREEMASK\" eval mini --images 1 --json"
        );

        Assert.True(code == 0, error);
        OutputSchema.Check(["eval", "mini"], document);
        // One image shows one class; the others were not measured, which is not the same as bad.
        var classes = System
            .Text.Json.JsonDocument.Parse(document)
            .RootElement.GetProperty("classes")
            .EnumerateArray()
            .Select(item => item.GetProperty("maskIoUClean").ValueKind);
        Assert.Equal(19, classes.Count(kind => kind == System.Text.Json.JsonValueKind.Null));
        Assert.Empty(Directory.EnumerateFileSystemEntries(home, "*", SearchOption.AllDirectories));
        if (traced.Length == 0) return;
        var calls = await File.ReadAllLinesAsync(trace, TestContext.Current.CancellationToken);
        Assert.Contains(calls, call => call.Contains("libonnxruntime", StringComparison.Ordinal));
        Assert.DoesNotContain(
            calls,
            call =>
                call.Contains("AF_INET", StringComparison.Ordinal)
                || call.Contains("resolv.conf", StringComparison.Ordinal)
                || call.Contains("events.data.microsoft", StringComparison.Ordinal)
        );
    }

    private async Task<(int Code, string Out, string Error)> RunAsync(string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            WorkingDirectory = _folder.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["FREEMASK"] = Path.Combine(AppContext.BaseDirectory, "freemask");
        using var process = Process.Start(start)!;
        var (output, error) = (
            process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)
        );
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
