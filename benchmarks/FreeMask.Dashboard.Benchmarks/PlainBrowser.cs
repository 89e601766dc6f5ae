using System.Diagnostics;

namespace FreeMask.Dashboard.Benchmarks;

/// <summary>
/// A Chromium that nothing is attached to: one that is driven keeps the bodies of all answers in the process of the page, whose memory then
/// grows with every picture.
/// </summary>
internal sealed class PlainBrowser : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly DirectoryInfo _profile;

    private PlainBrowser(Process process, DirectoryInfo profile) => (_process, _profile) = (process, profile);

    /// <summary>Private memory of the process of the page, in MiB; 0 while there is none.</summary>
    public double PageMemory => Directory.EnumerateDirectories("/proc").Select(MemoryOfPage).DefaultIfEmpty(0).Max();

    /// <summary>Opens a page.</summary>
    internal static PlainBrowser Open(string address)
    {
        var profile = Directory.CreateTempSubdirectory("freemask-browser-");
        string[] arguments =
        [
            "--headless", .. Browser.Flags, $"--user-data-dir={profile.FullName}", "--remote-debugging-port=0", "--window-size=1280,900",
            address,
        ];
        var start = new ProcessStartInfo(Browser.Program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return new PlainBrowser(process, profile);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException) when (_process.HasExited)
        {
            // A process that it had started by itself keeps its output open.
        }

        _process.Dispose();
        _profile.Delete(recursive: true);
    }

    private double MemoryOfPage(string folder)
    {
        try
        {
            if (!int.TryParse(Path.GetFileName(folder), out var process)) return 0;
            var command = File.ReadAllText(Path.Combine(folder, "cmdline"));
            var isPage = command.Contains("--type=renderer", StringComparison.Ordinal)
                && command.Contains(_profile.FullName, StringComparison.Ordinal);
            return isPage ? Child.MemoryOf(process, "RssAnon") : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // A process that has ended in the meantime.
            return 0;
        }
    }
}
