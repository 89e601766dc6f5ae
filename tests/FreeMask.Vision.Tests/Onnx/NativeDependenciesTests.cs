using FreeMask.Onnx;
using Xunit;

namespace FreeMask.Vision.Tests.Onnx;

public sealed class NativeDependenciesTests
{
    [Fact]
    public void A_librarys_needs_are_read_without_loading_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "ELF files are Linux's");
        var path = NativeDependencies.Find("libonnxruntime.so");
        Assert.NotNull(path);
        var needed = NativeDependencies.Of(path);
        Assert.Contains("libc.so.6", needed);
        Assert.All(needed, name => Assert.True(NativeDependencies.CanLoad(name), name));
        Assert.False(NativeDependencies.CanLoad("libno_such_library.so.1"));
    }

    [Fact]
    public void A_file_that_is_no_library_is_named()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["text.so"], new string('x', 100));
        Assert.Contains(
            folder["text.so"],
            Assert.Throws<FreeMaskException>(() => (object)NativeDependencies.Of(folder["text.so"])).Message,
            StringComparison.Ordinal
        );
    }
}
