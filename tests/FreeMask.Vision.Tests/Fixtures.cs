using System.Runtime.CompilerServices;
using Xunit;

namespace FreeMask.Vision.Tests;

/// <summary>Finds the golden data that reference tools made, and skips a test where it is absent.</summary>
internal static class Fixtures
{
    /// <summary>The path of a file or folder below the fixtures' root.</summary>
    internal static string Path(params string[] parts)
    {
        var root = Root();
        Assert.SkipUnless(
            Directory.Exists(root),
            $"golden fixtures are not on this machine ({root}); set FREEMASK_FIXTURES to their folder"
        );
        return System.IO.Path.Combine([root, .. parts]);
    }

    /// <summary>The same path, whether the fixtures are there or not: for listing what there is before a test runs.</summary>
    internal static string Root(params string[] parts) =>
        System.IO.Path.Combine([
            Environment.GetEnvironmentVariable("FREEMASK_FIXTURES") ?? System.IO.Path.Combine(RepositoryRoot, "..", "shared", "fixtures"),
            .. parts,
        ]);

    /// <summary>The path of a file or folder of the sample data beside the fixtures.</summary>
    internal static string Data(params string[] parts)
    {
        var root = System.IO.Path.Combine(Path(), "..", "data");
        Assert.SkipUnless(Directory.Exists(root), $"sample data are not on this machine ({root})");
        return System.IO.Path.Combine([root, .. parts]);
    }

    /// <summary>The folder that holds FreeMask.sln.</summary>
    internal static string RepositoryRoot { get; } = FindRoot();

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        var folder = System.IO.Path.GetDirectoryName(thisFile)!;
        while (!File.Exists(System.IO.Path.Combine(folder, "FreeMask.sln"))) folder = System.IO.Path.GetDirectoryName(folder)!;
        return folder;
    }
}
