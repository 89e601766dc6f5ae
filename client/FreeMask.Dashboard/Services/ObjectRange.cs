using System.Globalization;

namespace FreeMask.Dashboard.Services;

/// <summary>Numbers of objects in a sample. Its text form is "2" for two, "2-" for two and more, "2-3" for two and three.</summary>
/// <param name="Least">The least number, from 1.</param>
/// <param name="Most">The largest number; null for no limit.</param>
public readonly record struct ObjectRange(int Least, int? Most)
{
    /// <summary>Samples with one object, with several, with two, and with three and more.</summary>
    public static IReadOnlyList<ObjectRange> Strata { get; } = [new(1, 1), new(2, null), new(2, 2), new(3, null)];

    /// <summary>Reads the text form; null if it is none.</summary>
    public static ObjectRange? Parse(string? text)
    {
        var parts = (text ?? "").Split('-');
        if (parts.Length > 2 || !TryRead(parts[0], out var least)) return null;
        if (parts.Length == 1) return new ObjectRange(least, least);
        if (parts[1].Length == 0) return new ObjectRange(least, null);
        return TryRead(parts[1], out var most) && most >= least ? new ObjectRange(least, most) : null;
    }

    /// <summary>Whether a sample with a number of objects is one of these.</summary>
    public bool Contains(int objects) => objects >= Least && objects <= (Most ?? int.MaxValue);

    /// <summary>For people, such as "2 objects" or "2 objects and more".</summary>
    public string Describe() => this switch
    {
        { Least: 1, Most: 1 } => "1 object",
        { Most: null } => string.Create(CultureInfo.InvariantCulture, $"{Least} objects and more"),
        { Most: var most } when most == Least => string.Create(CultureInfo.InvariantCulture, $"{Least} objects"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Least} to {Most} objects"),
    };

    /// <inheritdoc/>
    public override string ToString() =>
        Most == Least
            ? Least.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{Least}-{Most}");

    private static bool TryRead(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is >= 1 and <= byte.MaxValue;
}
