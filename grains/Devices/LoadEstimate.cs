namespace FreeMask.Grains.Devices;

/// <summary>
/// The load of devices as a shard estimates it: samples that the shard assigned itself, which are exact, and samples of other shards,
/// which a device reports with every receipt and every batch. The load in the device directory is used only for devices without samples of
/// this shard: it may be one refresh interval old, in which a device completes many batches.
/// </summary>
internal sealed class LoadEstimate
{
    private readonly Dictionary<string, int> _others = new(StringComparer.Ordinal);

    /// <summary>Records the load that a device reported.</summary>
    /// <param name="device">Its key.</param>
    /// <param name="outstanding">All samples that it has.</param>
    /// <param name="own">Samples of this shard that it has.</param>
    public void Record(string device, int outstanding, int own) => _others[device] = Math.Max(0, outstanding - own);

    /// <summary>The estimated load of a device, in samples.</summary>
    /// <param name="device">The device as the directory lists it.</param>
    /// <param name="own">Samples of this shard that it has.</param>
    public int Of(DeviceState device, int own)
    {
        if (!_others.TryGetValue(device.Key, out var others)) return Math.Max(device.Outstanding, own);
        // Without samples of this shard there are no reports: the device may have become idle since.
        return own > 0 ? own + others : Math.Min(others, device.Outstanding);
    }
}
