using FreeMask.Files;
using Xunit;

namespace FreeMask.Vision.Tests.Files;

public sealed class PrivateFilesTests
{
    [Fact]
    public void What_is_made_belongs_to_its_user_alone_and_what_is_there_keeps_its_mode()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        if (OperatingSystem.IsWindows()) return;
        using var folder = new TemporaryFolder();
        const UnixFileMode Open =
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
        Directory.CreateDirectory(folder["shared"], Open);

        PrivateFiles.CreateFolder(folder["above", "data"]);
        PrivateFiles.CreateFolder(folder["shared"]);
        PrivateFiles.Touch(folder["above", "data", "state.db"]);
        using (PrivateFiles.Open(folder["above", "data", "a.log"], FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { }

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(folder["above", "data"])
        );
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["above", "data", "state.db"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["above", "data", "a.log"]));
        Assert.Equal(Open, File.GetUnixFileMode(folder["shared"]));
    }
}
