using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace FreeMask.Training.Torch;

/// <summary>The memory of NVIDIA GPUs, from the driver's program.</summary>
internal static class GpuMemory
{
    private const string Program = "nvidia-smi";
    private const long Mebibyte = 1L << 20;

    /// <summary>All bytes of a GPU; null where the program is not there or does not know it.</summary>
    public static long? Total(string number) => Query("memory.total", number);

    /// <summary>The bytes of a GPU that are in use, by whatever process; null as above.</summary>
    public static long? Used(string number) => Query("memory.used", number);

    private static long? Query(string field, string number)
    {
        var start = new ProcessStartInfo(Program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[$"--query-gpu={field}", "--format=csv,noheader,nounits", "--id=" + number])
            start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start)!;
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            var said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 && long.TryParse(said.Trim(), CultureInfo.InvariantCulture, out var mebibytes)
                ? mebibytes * Mebibyte
                : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
