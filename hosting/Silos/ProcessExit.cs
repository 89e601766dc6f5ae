using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace FreeMask.Hosting.Silos;

/// <summary>
/// Ends the process without the exit handlers of native libraries: an abandoned training step or model may still compute on its threads,
/// and libtorch's globals are destroyed when a process returns from its entry point, which ends in a segmentation fault.
/// </summary>
internal static partial class ProcessExit
{
    /// <summary>Flushes the console and ends the process at once. Everything durable must have been written before.</summary>
    /// <param name="exitCode">The exit code, 0 to 255.</param>
    [DoesNotReturn]
    public static void Leave(int exitCode)
    {
        Flush(Console.Out);
        Flush(Console.Error);
        if (OperatingSystem.IsWindows()) TerminateProcess(-1, (uint)exitCode);
        else EndNow(exitCode);
        // Not reached if the calls above work.
        Environment.Exit(exitCode);
    }

    private static void Flush(TextWriter writer)
    {
        try
        {
            writer.Flush();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The reader of a pipe may have closed it.
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void EndNow(int status);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool TerminateProcess(nint process, uint exitCode);
}
