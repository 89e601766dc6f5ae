namespace FreeMask.Grains.RunSpecs;

/// <summary>A value of a key that accepts a fixed set of words.</summary>
/// <param name="Word">The value.</param>
/// <param name="Meaning">What it selects, as the end of the sentence "Word: ..."; empty where the name says it.</param>
internal sealed record RunKeyWord(string Word, string Meaning = "");
