using System.Net.Sockets;
using FreeMask.Cli.Terminal;
using Xunit;

namespace FreeMask.Cli.Tests.Terminal;

public sealed class FileAccessErrorTests
{
    [Fact]
    public void A_full_disk_is_the_machines_fault_and_names_the_file()
    {
        var fault = FileAccessError.Of(
            new InvalidOperationException("a stage failed", new IOException("No space left on device : '/data/a.png.123.tmp'", FullDisk))
        );

        Assert.Equal(
            "The disk is full at /data/a.png. Free some space, or name a place on another disk, and give the command again.",
            fault!.Message
        );
        Assert.Equal(ExitCodes.Failed, fault.ExitCode);
    }

    [Fact]
    public void Rights_and_names_are_bad_input()
    {
        using var folder = new TemporaryFolder();
        var denied = FileAccessError.Of(new UnauthorizedAccessException("Access to the path '/root/it's mine/x.json' is denied."))!;
        Assert.StartsWith("/root/it's mine/x.json may not be read or written by this user", denied.Message, StringComparison.Ordinal);
        var isFolder = FileAccessError.Of(Record(() => File.ReadAllText(folder.Root)))!;
        Assert.Equal($"{folder.Root} is a folder, but a file is needed here. Name a file.", isFolder.Message);
        var absent = FileAccessError.Of(Record(() => File.ReadAllText(folder.Path("none", "a.txt"))))!;
        Assert.StartsWith($"{folder.Path("none", "a.txt")} does not exist.", absent.Message, StringComparison.Ordinal);
        File.WriteAllText(folder.Path("file"), "");
        var below = FileAccessError.Of(Record(() => Directory.CreateDirectory(folder.Path("file", "below"))))!;
        Assert.Contains(folder.Path("file"), below.Message, StringComparison.Ordinal);
        var tooLong = FileAccessError.Of(Record(() => File.WriteAllText(folder.Path(new string('x', 5000)), "")))!;
        Assert.Contains("too long", tooLong.Message, StringComparison.Ordinal);
        var taken = FileAccessError.Of(Record(() => Directory.CreateDirectory(folder.Path("file"))))!;
        Assert.Equal($"A file is in the way at {folder.Path("file")}. Name another place.", taken.Message);
        Assert.All([taken, denied, isFolder, absent, tooLong], fault => Assert.Equal(ExitCodes.BadInput, fault.ExitCode));
    }

    [Fact]
    public void Other_errors_are_not_about_files()
    {
        Assert.Null(FileAccessError.Of(new InvalidOperationException("no")));
        Assert.Null(FileAccessError.Of(new IOException("The connection was closed.", new SocketException(104))));
        Assert.Equal(ExitCodes.Failed, FileAccessError.Of(new AggregateException(new OutOfMemoryException()))!.ExitCode);
    }

    private static int FullDisk => OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28;

    private static Exception Record(Action action) => Xunit.Record.Exception(action)!;
}
