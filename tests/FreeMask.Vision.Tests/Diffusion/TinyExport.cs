namespace FreeMask.Vision.Tests.Diffusion;

/// <summary>The small Stable Diffusion export that the tests carry.</summary>
internal static class TinyExport
{
    /// <summary>Where it lies; not to be changed.</summary>
    internal static string Folder { get; } = Path.Combine(Fixtures.RepositoryRoot, "tests", "FreeMask.Vision.Tests", "Diffusion", "Export");

    /// <summary>Copies it into a folder, where a test may change it.</summary>
    internal static void CopyTo(TemporaryFolder target)
    {
        foreach (var file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            var copy = target[Path.GetRelativePath(Folder, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
