namespace FreeMask.Grains.Domain;

/// <summary>Run ids: they are grain keys, file names and words on a command line.</summary>
public static class RunName
{
    /// <summary>Most characters of an id.</summary>
    public const int MaxLength = 100;

    /// <summary>Whether a text may be an id. A number with zeros before it may not: AdoNet storage reads keys of hexadecimal digits as numbers, and takes '07' and '7' for one.</summary>
    public static bool IsValid(string id) =>
        id.Length is > 0 and <= MaxLength && id[0] != '.' && !id.AsSpan().ContainsAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789.-_")
        && (id[0] != '0' || id.AsSpan().ContainsAnyExcept("0123456789abcdef"));
}
