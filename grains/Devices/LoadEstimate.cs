namespace FreeMask.Grains.Devices;

/// <summary>
/// What devices have to do, as a shard sees it: what it gave them itself, which it knows exactly, and what others gave them, which they say with
/// every order that they take and every batch that they report. The directory is asked only about devices that the shard has no dealings with: its
/// news is up to a check old, and within a check a device works off many batches.
/// </summary>
internal sealed class LoadEstimate
{
    private readonly Dictionary<string, int> _others = new(StringComparer.Ordinal);

    /// <summary>Notes what a device said.</summary>
    /// <param name="device">Its key.</param>
    /// <param name="outstanding">All that it has.</param>
    /// <param name="own">What it has of this shard.</param>
    public void Record(string device, int outstanding, int own) => _others[device] = Math.Max(0, outstanding - own);

    /// <summary>What a device has to do.</summary>
    /// <param name="device">The device as the directory knows it.</param>
    /// <param name="own">What it has of this shard.</param>
    public int Of(DeviceState device, int own)
    {
        if (!_others.TryGetValue(device.Key, out var others)) return Math.Max(device.Outstanding, own);
        // Where nothing is under way, nothing new is heard: the device may have become idle since.
        return own > 0 ? own + others : Math.Min(others, device.Outstanding);
    }
}
