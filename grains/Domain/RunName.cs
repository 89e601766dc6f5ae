namespace FreeMask.Grains.Domain;

/// <summary>Rules for run ids, which are grain keys, file names and command-line arguments.</summary>
internal static class RunName
{
    /// <summary>Maximum length.</summary>
    public const int MaxLength = 100;

    /// <summary>
    /// Whether a text may be an id. Numbers with leading zeros may not: Orleans' AdoNet storage parses keys of hexadecimal digits as
    /// numbers, so that '07' and '7' would be the same key.
    /// </summary>
    public static bool IsValid(string id) =>
        id.Length is > 0 and <= MaxLength && id[0] != '.' && !id.AsSpan().ContainsAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789.-_")
        && (id[0] != '0' || id.AsSpan().ContainsAnyExcept("0123456789abcdef"));
}
