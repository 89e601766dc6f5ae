using System.Globalization;

namespace FreeMask.Dashboard.Services;

/// <summary>Values of classes in label maps, as addresses have them: "8,12".</summary>
internal static class LabelValues
{
    /// <summary>The values; null if the text is none or empty.</summary>
    internal static IReadOnlySet<byte>? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        var values = new HashSet<byte>();
        foreach (var part in text.Split(','))
        {
            if (!byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value is 0 or 255) return null;
            values.Add(value);
        }

        return values;
    }

    /// <summary>The text form.</summary>
    internal static string Write(IEnumerable<byte> values) =>
        string.Join(',', values.Order().Select(v => v.ToString(CultureInfo.InvariantCulture)));
}
