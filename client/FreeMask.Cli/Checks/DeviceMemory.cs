using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace FreeMask.Cli.Checks;

/// <summary>How much memory a device has.</summary>
internal static class DeviceMemory
{
    private const string Query = "nvidia-smi";
    private const long Mebibyte = 1L << 20;

    /// <summary>The bytes of memory of a device.</summary>
    /// <param name="device">As arguments name it: <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>.</param>
    /// <returns>Null where it cannot be told: the driver's program is not there, or the device has none of its own.</returns>
    internal static long? Of(string device)
    {
        var parts = device.Split(':', 2);
        return parts[0].ToLowerInvariant() switch
        {
            "cpu" => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            "cuda" or "tensorrt" => OfGraphicsCard(parts.Length > 1 ? parts[1] : "0"),
            _ => null,
        };
    }

    private static long? OfGraphicsCard(string number)
    {
        var start = new ProcessStartInfo(Query) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--query-gpu=memory.total", "--format=csv,noheader,nounits", "--id=" + number])
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
