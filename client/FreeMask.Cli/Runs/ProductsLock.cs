using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Runs;

/// <summary>
/// A lock for writing the products of a run. Several processes may follow one run and see its end at the same time: one writes, the others
/// wait and find the products.
/// </summary>
internal sealed class ProductsLock : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly FileStream _lock;

    private ProductsLock(FileStream held, bool isWritten) => (_lock, IsWritten) = (held, isWritten);

    /// <summary>Whether another process has written the products meanwhile.</summary>
    internal bool IsWritten { get; }

    internal static async Task<ProductsLock> TakeAsync(RunFolder folder, CommandContext context, CancellationToken stop)
    {
        Directory.CreateDirectory(folder.Root);
        var before = File.GetLastWriteTimeUtc(folder.Report);
        for (var waits = false; ; waits = true)
        {
            try
            {
                var held = new FileStream(
                    Path.Combine(folder.Root, ".products.lock"),
                    FileMode.OpenOrCreate,
                    FileAccess.ReadWrite,
                    FileShare.None,
                    1,
                    FileOptions.DeleteOnClose
                );
                // The report is the last of the products.
                return new(held, waits && File.GetLastWriteTimeUtc(folder.Report) != before);
            }
            catch (IOException) when (File.Exists(Path.Combine(folder.Root, ".products.lock")))
            {
                if (!waits) context.WriteMessage("Another process writes what this run made; waiting for it ...");
                await Task.Delay(Pause, context.Time, stop);
            }
        }
    }

    public void Dispose() => _lock.Dispose();
}
