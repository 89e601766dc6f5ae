using System.Globalization;

namespace FreeMask.Grains.Devices;

/// <summary>
/// Keys of silos (<c>name@generation</c>) and of their devices (<c>name@generation/device</c>). The generation changes at each start of
/// the silo, so that leases of a dead process are never taken for leases of its successor.
/// </summary>
internal static class DeviceKeys
{
    /// <summary>The key of a silo.</summary>
    public static string Silo(string name, int generation) => string.Create(CultureInfo.InvariantCulture, $"{name}@{generation}");

    /// <summary>The key of a device.</summary>
    public static string Device(string silo, string device) => $"{silo}/{device}";

    /// <summary>The silo name in the key of a silo or device.</summary>
    public static string NameOf(string key)
    {
        var silo = SiloOf(key);
        var end = silo.LastIndexOf('@');
        return end < 0 ? silo : silo[..end];
    }

    /// <summary>The silo key in the key of a silo or device.</summary>
    public static string SiloOf(string key)
    {
        var end = key.IndexOf('/', StringComparison.Ordinal);
        return end < 0 ? key : key[..end];
    }
}
