using System.Text;

namespace FreeMask.Files;

/// <summary>Files that a reader sees whole or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file under a temporary name beside it and renames it. Where that fails, on a full disk for example, the old file
    /// stays and nothing else is left.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="write">Writes the contents.</param>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var file = new Replacement(path);
        using (var stream = file.Create()) write(stream);
        file.Commit();
    }

    /// <summary>Writes a file that a reader sees whole or not at all.</summary>
    public static void Write(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    /// <summary>Writes a text as UTF-8.</summary>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a file that a reader sees whole or not at all, and makes its folder where it is absent.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its contents.</param>
    /// <param name="stop">Stops the writing; the old file stays.</param>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new Replacement(path);
        await using (var stream = file.Create()) await stream.WriteAsync(bytes, stop);
        file.Commit();
    }

    /// <summary>Writes a text as UTF-8, as <see cref="WriteAsync(string, ReadOnlyMemory{byte}, CancellationToken)"/> does.</summary>
    public static Task WriteAsync(string path, string text, CancellationToken stop) =>
        WriteAsync(path, Encoding.UTF8.GetBytes(text), stop);

    /// <summary>The temporary file of a write; removed unless it took the place of the old file.</summary>
    private sealed class Replacement(string path) : IDisposable
    {
        private readonly string _temporary = $"{path}.{Environment.ProcessId}.tmp";

        public FileStream Create() => new(_temporary, FileMode.Create, FileAccess.Write, FileShare.None);

        public void Commit() => File.Move(_temporary, path, overwrite: true);

        // After the move nothing has this name any more.
        public void Dispose() => File.Delete(_temporary);
    }
}
