using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace FreeMask.Hosting.Silos;

/// <summary>
/// Ends the process without running the native libraries' own end: a training step or a model that was left may still compute on its threads, and
/// libtorch's globals are destroyed under it when a process returns from its entry point, which ends in a segmentation fault.
/// </summary>
public static partial class ProcessExit
{
    /// <summary>Writes out what the console buffers, and ends the process at once. What must last has been written before.</summary>
    /// <param name="exitCode">The exit code, 0 to 255.</param>
    [DoesNotReturn]
    public static void Leave(int exitCode)
    {
        Flush(Console.Out);
        Flush(Console.Error);
        if (OperatingSystem.IsWindows()) TerminateProcess(-1, (uint)exitCode);
        else EndNow(exitCode);
        // Not reached where the calls above do what they promise.
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
            // A closed pipe takes nothing more.
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void EndNow(int status);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool TerminateProcess(nint process, uint exitCode);
}
