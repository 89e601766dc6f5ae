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

    /// <summary>The next size, after the largest the smallest.</summary>
    public GridLook NextSize() => this with { Side = Sides[(Array.IndexOf(Sides, Side) + 1) % Sides.Length] };

    /// <summary>Reads a query; values that make no sense are left out.</summary>
    public static GridLook Parse(Func<string, string?> value) => new()
    {
        Side = int.TryParse(value("size"), CultureInfo.InvariantCulture, out var side) && Sides.Contains(side) ? side : 144,
        Mask = value("mask") != "off",
        Opacity = int.TryParse(value("opacity"), CultureInfo.InvariantCulture, out var opacity) ? Math.Clamp(opacity, 10, 100) : 50,
    };

    /// <summary>The names and values of the query, without those that have their default.</summary>
    public IReadOnlyDictionary<string, string> ToQuery()
    {
        var query = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Side != 144) query["size"] = Side.ToString(CultureInfo.InvariantCulture);
        if (!Mask) query["mask"] = "off";
        if (Opacity != 50) query["opacity"] = Opacity.ToString(CultureInfo.InvariantCulture);
        return query;
    }
}
