using FreeMask.Training.Torch;

namespace FreeMask.Cli.Checks;

/// <summary>How much memory a device has.</summary>
internal static class DeviceMemory
{
    /// <summary>The bytes of memory of a device.</summary>
    /// <param name="device">As arguments name it: <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>.</param>
    /// <returns>Null where it cannot be told: the driver's program is not there, or the device has none of its own.</returns>
    internal static long? Of(string device)
    {
        var parts = device.Split(':', 2);
        return parts[0].ToLowerInvariant() switch
        {
            "cpu" => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            "cuda" or "tensorrt" => GpuMemory.Total(parts.Length > 1 ? parts[1] : "0"),
            _ => null,
        };
    }
}
