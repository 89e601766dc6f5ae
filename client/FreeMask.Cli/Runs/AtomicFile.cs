namespace FreeMask.Cli.Runs;

/// <summary>Files that a reader sees whole or not at all.</summary>
internal static class AtomicFile
{
    internal static async Task WriteAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var beside = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            await File.WriteAllBytesAsync(beside, bytes, stop);
            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    internal static Task WriteAsync(string path, string text, CancellationToken stop) =>
        WriteAsync(path, System.Text.Encoding.UTF8.GetBytes(text), stop);
}
