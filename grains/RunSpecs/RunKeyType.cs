namespace FreeMask.Grains.RunSpecs;

/// <summary>The type of a key's value.</summary>
internal enum RunKeyType
{
    /// <summary>Text; a <see cref="string"/>.</summary>
    Text,

    /// <summary>One of <see cref="RunKey.Words"/>; a <see cref="string"/>.</summary>
    Word,

    /// <summary>A whole number from 0 to 2^64 - 1; a <see cref="ulong"/>.</summary>
    Seed,

    /// <summary>A whole number; an <see cref="int"/>.</summary>
    Integer,

    /// <summary>A number; a <see cref="double"/>.</summary>
    Number,

    /// <summary>True or false; a <see cref="bool"/>.</summary>
    Flag,

    /// <summary>A list of texts; an immutable array of <see cref="string"/>.</summary>
    List,
}
