namespace FreeMask.Silo.Tests.Fakes;

/// <summary>A folder that is removed after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("freemask-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
