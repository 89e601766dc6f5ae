using System.Globalization;

namespace FreeMask.Cli.Terminal;

/// <summary>Formats sizes of files.</summary>
internal static class ByteSize
{
    internal static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");
}
