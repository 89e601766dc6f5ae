using System.Globalization;
using System.Text.Json;

namespace FreeMask.Vision.Datasets;

/// <summary>An id of COCO's: a whole number, or a text (UUIDs are common). 1.0 is 1, as where the files are made.</summary>
internal readonly record struct CocoId(long Number, string? Text) : IComparable<CocoId>
{
    /// <summary>Numbers before texts.</summary>
    public int CompareTo(CocoId other) =>
        Text is null && other.Text is null ? Number.CompareTo(other.Number)
        : Text is null ? -1
        : other.Text is null ? 1
        : string.CompareOrdinal(Text, other.Text);

    public override string ToString() => Text is null ? Number.ToString(CultureInfo.InvariantCulture) : $"'{Text}'";
}

/// <summary>
/// One entry of an array of COCO's. Values are read as pycocotools and Python read them: whole numbers may be written 640.0, flags as true
/// or null. What does not fit is refused with the entry's place and the field's name.
/// </summary>
/// <param name="array">The array's name.</param>
/// <param name="index">The entry's place in it, from 0.</param>
/// <param name="json">The entry.</param>
internal readonly struct CocoEntry(string array, int index, JsonElement json)
{
    /// <summary>The entry in messages, such as <c>annotations[3]</c>.</summary>
    internal string Name => string.Create(CultureInfo.InvariantCulture, $"{array}[{index}]");

    /// <summary>A field that must be there.</summary>
    internal JsonElement this[string field] => json.TryGetProperty(field, out var value) ? value : throw Bad(field, "is missing");

    /// <summary>A field; undefined where the entry does not have it.</summary>
    internal JsonElement Optional(string field) => json.TryGetProperty(field, out var value) ? value : default;

    internal CocoId Id(string field)
    {
        var value = this[field];
        if (value.ValueKind == JsonValueKind.String) return new(0, value.GetString());
        return Whole(value) is { } number ? new(number, null) : throw Bad(field, "is {0}; ids are whole numbers or texts", value);
    }

    internal string Text(string field) =>
        this[field] is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text
            ? text
            : throw Bad(field, "is {0}; a text is needed", this[field]);

    /// <summary>A side in pixels.</summary>
    internal int Side(string field) =>
        Whole(this[field]) is > 0 and <= int.MaxValue and var side
            ? (int)side
            : throw Bad(field, "is {0}; a whole number of pixels from 1 on is needed", this[field]);

    /// <summary>Absent and null are false.</summary>
    internal bool Flag(string field) => Optional(field) switch
    {
        { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.Number } value => value.GetDouble() != 0,
        var value => throw Bad(field, "is {0}; 0 or 1 is needed", value),
    };

    /// <summary>Null where absent or null.</summary>
    internal double? Number(string field) => Optional(field) switch
    {
        { ValueKind: JsonValueKind.Undefined or JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } value => value.GetDouble(),
        var value => throw Bad(field, "is {0}; a number is needed", value),
    };

    internal FormatException Bad(string field, string why) => new($"{Name} is not usable: '{field}' {why}.");

    private FormatException Bad(string field, string why, JsonElement value) =>
        Bad(
            field,
            why.Replace(
                "{0}",
                value.GetRawText() is { Length: <= 40 } text ? text : value.GetRawText()[..40] + "...",
                StringComparison.Ordinal
            )
        );

    private static long? Whole(JsonElement value) => value.ValueKind != JsonValueKind.Number ? null
        : value.TryGetInt64(out var number) ? number
        : value.GetDouble() is var real && Math.Abs(real) < 1e15 && real == Math.Floor(real) ? (long)real
        : null;
}
