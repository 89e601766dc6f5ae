using System.Globalization;

namespace FreeMask.Grains.Devices;

/// <summary>
/// Keys of what belongs to one silo: <c>name@generation</c>, and <c>name@generation/device</c> for its devices. The generation is another one
/// each time the silo starts, so that what a dead process held is never taken for something that its successor holds.
/// </summary>
public static class DeviceKeys
{
    /// <summary>The key of a silo.</summary>
    public static string Silo(string name, int generation) => string.Create(CultureInfo.InvariantCulture, $"{name}@{generation}");

    /// <summary>The key of a device.</summary>
    public static string Device(string silo, string device) => $"{silo}/{device}";

    /// <summary>The name of a silo by its key or that of its device.</summary>
    public static string NameOf(string key)
    {
        var silo = SiloOf(key);
        var end = silo.LastIndexOf('@');
        return end < 0 ? silo : silo[..end];
    }

    /// <summary>The silo's part of the key of a silo or device.</summary>
    public static string SiloOf(string key)
    {
        var end = key.IndexOf('/', StringComparison.Ordinal);
        return end < 0 ? key : key[..end];
    }
}
