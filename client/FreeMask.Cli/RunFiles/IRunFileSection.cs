using System.Collections.Immutable;

namespace FreeMask.Cli.RunFiles;

/// <summary>
/// One group of keys of a run file. <see cref="RunFileSchema"/> names every key once through this interface; reading a file and writing one are
/// two implementations of it. Each method takes the present value and returns the one to go on with.
/// </summary>
internal interface IRunFileSection
{
    /// <summary>Text that is not empty.</summary>
    string Text(string key, string current);

    /// <summary>Text that may be left out or empty.</summary>
    string OptionalText(string key, string current);

    /// <summary>One of a few words; null where the key is left out and the present value is null.</summary>
    string? Word(string key, string? current, IReadOnlyList<string> words);

    /// <summary>A whole number from 0 to 2^64 - 1.</summary>
    ulong Seed(string key, ulong current);

    /// <summary>A whole number.</summary>
    int Integer(string key, int current);

    /// <summary>A whole number, or null where the key is left out.</summary>
    int? OptionalInteger(string key, int? current);

    /// <summary>A number.</summary>
    double Number(string key, double current);

    /// <summary>A number, or null where the key is left out.</summary>
    double? OptionalNumber(string key, double? current);

    /// <summary>True or false.</summary>
    bool Flag(string key, bool current);

    /// <summary>A list of texts; a single text counts as a list of one. <paramref name="check"/> says what is wrong with an entry, or null.</summary>
    ImmutableArray<string> List(string key, ImmutableArray<string> current, Func<string, string?> check);

    /// <summary>The group of keys under a key.</summary>
    IRunFileSection Section(string key);

    /// <summary>States a problem that no single key shows, at the place of a key.</summary>
    void Report(string key, string message);

    /// <summary>Ends the group after its last key.</summary>
    void Close();
}
