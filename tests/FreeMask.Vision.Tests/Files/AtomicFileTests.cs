using FreeMask.Files;
using FreeMask.Tensors;
using Xunit;

namespace FreeMask.Vision.Tests.Files;

public sealed class AtomicFileTests
{
    [Fact]
    public void A_disk_that_fills_up_leaves_the_old_file_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.Write(folder["a.bin"], "old");

        var error = Assert.Throws<IOException>(() => AtomicFile.Write(folder["a.bin"], stream =>
        {
            stream.Write("half"u8);
            throw new IOException("No space left on device");
        }));

        Assert.Equal("No space left on device", error.Message);
        Assert.Equal("old", File.ReadAllText(folder["a.bin"]));
        Assert.Equal([folder["a.bin"]], Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_checkpoint_that_cannot_take_its_name_leaves_no_temporary_file()
    {
        using var folder = new TemporaryFolder();
        var taken = Directory.CreateDirectory(folder["checkpoint.safetensors", "inside"]).Parent!.FullName;

        Assert.ThrowsAny<Exception>(() => new SafetensorsFile([], new Dictionary<string, string>()).Save(taken));

        Assert.Equal([taken], Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_folder_that_is_absent_or_a_file_is_said_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");

        Assert.Contains(
            "does not exist",
            Assert.Throws<FreeMaskException>(() => ReadableFolder.Require(folder["none"])).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "is a file",
            Assert.Throws<FreeMaskException>(() => ReadableFolder.Require(folder["file"])).Message,
            StringComparison.Ordinal
        );
        ReadableFolder.Require(folder.Path);
    }
}
