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
        var temporary = TemporaryName(path);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None)) write(stream);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes a file that a reader sees whole or not at all.</summary>
    public static void Write(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    /// <summary>Writes a text as UTF-8.</summary>
    public static void Write(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a file that a reader sees whole or not at all, and makes its folder where it is absent.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its contents.</param>
    /// <param name="stop">Stops the writing; the old file stays.</param>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = TemporaryName(path);
        try
        {
            await File.WriteAllBytesAsync(temporary, bytes, stop);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes a text as UTF-8, as <see cref="WriteAsync(string, ReadOnlyMemory{byte}, CancellationToken)"/> does.</summary>
    public static Task WriteAsync(string path, string text, CancellationToken stop) =>
        WriteAsync(path, System.Text.Encoding.UTF8.GetBytes(text), stop);

    private static string TemporaryName(string path) => $"{path}.{Environment.ProcessId}.tmp";
}
