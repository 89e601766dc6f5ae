using FreeMask.Vision.Datasets;
using FreeMask.Vision.Export;
using Xunit;

namespace FreeMask.Vision.Tests.Export;

public sealed class ExportFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_writers_of_one_folder_do_not_mix()
    {
        Directory.CreateDirectory(_folder["out"]);
        var other = new FileStream(_folder["out", ".freemask-export-lock"], FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        await using (other)
            Assert.Contains(
                "is being written by another process",
                (await Assert.ThrowsAsync<ExportBusyException>(() => ExportAsync("out", 1))).Message,
                StringComparison.Ordinal
            );

        await ExportAsync("out", 1);
        Assert.Equal([_folder["out"]], Directory.EnumerateFileSystemEntries(_folder.Path));
        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries(_folder["out"]),
            entry => Path.GetFileName(entry).StartsWith(".freemask-export-", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("thesis.txt")]
    [InlineData(DatasetExporter.ManifestName)]
    public async Task A_folder_of_somebody_else_is_never_touched(string name)
    {
        File.WriteAllText(_folder[name], "important");
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => ExportAsync("", 1, overwrite: true));
        Assert.Contains("not empty", error.Message, StringComparison.Ordinal);
        Assert.Throws<FreeMaskException>(() => DatasetExporter.RequireFree(_folder.Path, overwrite: true));
        Assert.Equal("important", File.ReadAllText(_folder[name]));
        Assert.Single(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task What_lies_beside_the_target_is_never_touched()
    {
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(_folder["mine.partial"]).FullName, "thesis.txt"), "important");
        File.WriteAllText(_folder["mine.partial.lock"], "mine");

        await ExportAsync("mine", 2);

        Assert.Equal("important", File.ReadAllText(_folder["mine.partial", "thesis.txt"]));
        Assert.Equal("mine", File.ReadAllText(_folder["mine.partial.lock"]));
    }

    [Fact]
    public async Task A_folder_that_is_there_stays_the_same_folder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Folders have no mode on Windows.");
        if (OperatingSystem.IsWindows()) return;
        // A new folder in its place would have another mode: so a mount point, and the current folder of a shell, survive.
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(_folder["out"], Mode);

        await ExportAsync("out", 2);
        await ExportAsync("out", 3, overwrite: true);

        Assert.Equal(Mode, File.GetUnixFileMode(_folder["out"]));
        Assert.Equal(3, VocFolder.Open(_folder["out"]).Entries.Count);
    }

    [Fact]
    public async Task A_link_to_an_empty_folder_stays_a_link()
    {
        Directory.CreateDirectory(_folder["disk"]);
        Directory.CreateSymbolicLink(_folder["out"], _folder["disk"]);

        await ExportAsync("out", 2);

        Assert.Equal(_folder["disk"], new DirectoryInfo(_folder["out"]).LinkTarget);
        Assert.Equal(2, VocFolder.Open(_folder["disk"]).Entries.Count);
    }

    [Fact]
    public async Task An_earlier_export_is_replaced_only_when_asked()
    {
        await ExportAsync("out", 3);
        await Assert.ThrowsAsync<FreeMaskException>(() => ExportAsync("out", 2));
        await ExportAsync("out", 2, overwrite: true);
        Assert.Equal(2, VocFolder.Open(_folder["out"]).Entries.Count);
    }

    [Fact]
    public async Task Another_format_replaces_every_file_of_the_earlier_one()
    {
        await ExportAsync("out", 3);
        await DatasetExporter.WriteAsync(
            new CocoExporter(),
            ExportData.Source(3),
            _folder["out"],
            new ExportOptions { Overwrite = true },
            cancellationToken: TestContext.Current.CancellationToken
        );
        await DatasetExporter.WriteAsync(
            new CocoExporter(),
            ExportData.Source(3),
            _folder["new"],
            new ExportOptions(),
            cancellationToken: TestContext.Current.CancellationToken
        );

        Assert.Equal(Names("new"), Names("out"));
    }

    [Fact]
    public async Task What_a_user_put_into_an_earlier_export_stays_there()
    {
        await ExportAsync("out", 3);
        var images = Directory.EnumerateDirectories(_folder["out"], "JPEGImages", SearchOption.AllDirectories).Single();
        File.WriteAllText(Path.Combine(images, "mine.jpg"), "mine");
        File.WriteAllText(_folder["out", "notes.txt"], "mine");

        await ExportAsync("out", 2, overwrite: true);

        Assert.Equal("mine", File.ReadAllText(Path.Combine(images, "mine.jpg")));
        Assert.Equal("mine", File.ReadAllText(_folder["out", "notes.txt"]));
        Assert.Equal(3, Directory.EnumerateFiles(images).Count());
    }

    [Fact]
    public async Task A_file_of_the_users_that_is_in_the_way_is_refused_before_anything_changes()
    {
        await ExportAsync("out", 2);
        var image = Directory.EnumerateFiles(_folder["out"], "sample_0001.jpg", SearchOption.AllDirectories).Single();
        var mine = image.Replace("0001", "0002", StringComparison.Ordinal);
        File.WriteAllText(mine, "mine");
        var before = Names("out");

        Assert.Contains(
            mine,
            (await Assert.ThrowsAsync<FreeMaskException>(() => ExportAsync("out", 3, overwrite: true))).Message,
            StringComparison.Ordinal
        );

        Assert.Equal("mine", File.ReadAllText(mine));
        Assert.Equal(before, Names("out"));
    }

    [Fact]
    public async Task An_export_that_was_killed_is_no_obstacle()
    {
        // Before the move: a folder with the work. During the move: the list without the manifest.
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(_folder["one", ".freemask-export-0"]).FullName, "a.jpg"), "half");
        await ExportAsync("two", 3);
        File.Delete(_folder["two", DatasetExporter.ManifestName]);

        await ExportAsync("one", 2);
        await ExportAsync("two", 2);

        Assert.Equal(Names("one"), Names("two"));
    }

    [Fact]
    public async Task A_list_that_names_files_elsewhere_removes_none_of_them()
    {
        await ExportAsync("out", 2);
        File.WriteAllText(_folder["thesis.txt"], "important");
        File.AppendAllLines(_folder["out", ".freemask-export"], ["../thesis.txt", _folder["thesis.txt"]]);

        await ExportAsync("out", 1, overwrite: true);

        Assert.Equal("important", File.ReadAllText(_folder["thesis.txt"]));
    }

    private Task<ExportSummary> ExportAsync(string name, int samples, bool overwrite = false) =>
        DatasetExporter.WriteAsync(
            new VocExporter(),
            ExportData.Source(samples),
            _folder[name],
            new ExportOptions { Overwrite = overwrite },
            cancellationToken: TestContext.Current.CancellationToken
        );

    private List<string> Names(string name) =>
        [
            .. Directory
                .EnumerateFiles(_folder[name], "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(_folder[name], file))
                .Order(StringComparer.Ordinal),
        ];
}
