namespace FreeMask.Vision;

/// <summary>One class of a <see cref="LabelSet"/>: what it is called, how a prompt names it, and what placement knows about it.</summary>
internal sealed record LabelClass
{
    /// <summary>The name, as run files, data sets and models write it.</summary>
    public required string Name { get; init; }

    /// <summary>The value in the label maps of a run and the index among the classes of its segmenter: 1 to the number of
    /// classes.</summary>
    public required byte Id { get; init; }

    /// <summary>The value in exported data sets, 1 to 254; values of a set may have gaps.</summary>
    public byte Value { get => field == 0 ? Id : field; init; }

    /// <summary>The color in masks that are written for people and for the formats that have colors.</summary>
    public required (byte R, byte G, byte B) Color { get; init; }

    /// <summary>The words of the class in a prompt.</summary>
    public required string Words { get; init; }

    /// <summary>Words of kinds of the class ("labrador dog"), which a prompt may name in place of <see cref="Words"/>.</summary>
    public IReadOnlyList<string> Subclasses { get; init; } = [];

    /// <summary>The words of a prompt whose attention shows the object, the first that the prompt holds; empty for the words of the class
    /// or else of the kind.</summary>
    public IReadOnlyList<string> Attention { get; init; } = [];

    /// <summary>Words that name the class in captions.</summary>
    public IReadOnlyList<string> Synonyms { get; init; } = [];

    /// <summary>What other data sets and models call the class, or parts of it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>What it may rest on.</summary>
    public SupportSurfaces Supports { get; init; } = SupportSurfaces.Ground;

    /// <summary>The height of a common upright specimen in metres; null where nobody said, and its images tell.</summary>
    public double? Metres { get; init; }

    /// <summary>Whether it has objects that can be counted (things), or is a material or region (stuff).</summary>
    public bool IsThing { get; init; } = true;

    /// <summary>The words whose attention shows the object in a prompt: <see cref="Attention"/>, <see cref="Words"/>, then those of
    /// <see cref="Subclasses"/>; the words of the class where the prompt holds none of them.</summary>
    public string AttentionIn(string prompt) =>
        Attention.Append(Words).Concat(Subclasses.OrderByDescending(words => words.Length)).FirstOrDefault(words => Holds(prompt, words))
        ?? Words;

    private static bool Holds(string prompt, string words)
    {
        for (var at = 0; (at = prompt.IndexOf(words, at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
        {
            var end = at + words.Length;
            if ((at == 0 || !char.IsLetterOrDigit(prompt[at - 1])) && (end == prompt.Length || !char.IsLetterOrDigit(prompt[end])))
                return true;
        }

        return false;
    }
}
