using System.Globalization;

namespace FreeMask.Dashboard.Services;

/// <summary>How the grid of samples looks. Its text form is part of the query of the page's address.</summary>
public sealed record GridLook
{
    private static readonly int[] Sides = [96, 144, 208, 320];

    /// <summary>Side of an image in pixels.</summary>
    public int Side { get; init; } = 144;

    /// <summary>Whether masks are drawn over the images.</summary>
    public bool Mask { get; init; } = true;

    /// <summary>Opacity of the masks in percent, 10-100.</summary>
    public int Opacity { get; init; } = 50;

    /// <summary>The values of the classes whose masks are drawn, ascending with commas between them; null for all.</summary>
    public string? Classes { get; init; }

    /// <summary>Whether the masks of a class are drawn.</summary>
    public bool Shows(byte value) => Mask && (LabelValues.Parse(Classes) is not { } values || values.Contains(value));

    /// <summary>With a class drawn that was not, or the other way round; without the last one no masks are drawn.</summary>
    /// <param name="value">The class.</param>
    /// <param name="all">All classes.</param>
    public GridLook Toggle(byte value, IReadOnlyCollection<byte> all)
    {
        var shown = all.Where(Shows).ToHashSet();
        if (!shown.Remove(value)) shown.Add(value);
        if (shown.Count == 0) return this with { Mask = false, Classes = null };
        return this with { Mask = true, Classes = shown.Count == all.Count ? null : LabelValues.Write(shown) };
    }

    /// <summary>The next size, after the largest the smallest.</summary>
    public GridLook NextSize() => this with { Side = Sides[(Array.IndexOf(Sides, Side) + 1) % Sides.Length] };

    /// <summary>Reads a query; values that make no sense are left out.</summary>
    public static GridLook Parse(Func<string, string?> value) => new()
    {
        Side = int.TryParse(value("size"), CultureInfo.InvariantCulture, out var side) && Sides.Contains(side) ? side : 144,
        Mask = value("mask") != "off",
        Classes = LabelValues.Parse(value("overlay")) is { } values ? LabelValues.Write(values) : null,
        Opacity = int.TryParse(value("opacity"), CultureInfo.InvariantCulture, out var opacity) ? Math.Clamp(opacity, 10, 100) : 50,
    };

    /// <summary>The names and values of the query, without those that have their default.</summary>
    public IReadOnlyDictionary<string, string> ToQuery()
    {
        var query = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Side != 144) query["size"] = Side.ToString(CultureInfo.InvariantCulture);
        if (!Mask) query["mask"] = "off";
        if (Classes is not null) query["overlay"] = Classes;
        if (Opacity != 50) query["opacity"] = Opacity.ToString(CultureInfo.InvariantCulture);
        return query;
    }
}
