using System.Collections.Immutable;
using System.Globalization;
using System.Linq.Expressions;

namespace FreeMask.Grains.RunSpecs;

/// <summary>
/// One key of a run file: a row of <see cref="RunKeys"/>. Its path and type are those of the property of <see cref="RunSpec"/> that it
/// sets, and its default is the property's initial value.
/// </summary>
internal sealed class RunKey
{
    private static readonly RunSpec Initial = new() { Name = "run", Classes = [] };

    private readonly SpecProperty _property;

    internal RunKey(Expression<Func<RunSpec, object?>> property, string description)
    {
        _property = SpecProperty.Of(property);
        (Path, Description) = (_property.Path, description);
        var dot = Path.LastIndexOf('.');
        (Section, Name) = dot < 0 ? ("", Path) : (Path[..dot], Path[(dot + 1)..]);
    }

    /// <summary>The full path, such as <c>generation.steps</c>.</summary>
    public string Path { get; }

    /// <summary>The section that the key belongs to, such as <c>generation</c>; empty at the top level.</summary>
    public string Section { get; }

    /// <summary>The key in its section, such as <c>steps</c>.</summary>
    public string Name { get; }

    /// <summary>What the key was called in its section before; it is refused by the present name. Null if it had no other name.</summary>
    public string? FormerName { get; internal init; }

    /// <summary>What the key means.</summary>
    public string Description { get; }

    /// <summary>The first release that knows the key.</summary>
    public string Since { get; internal init; } = "1.0";

    /// <summary>The type of the value.</summary>
    public RunKeyType Type => _property.Type switch
    {
        var type when type == typeof(bool) => RunKeyType.Flag,
        var type when type == typeof(int) => RunKeyType.Integer,
        var type when type == typeof(ulong) => RunKeyType.Seed,
        var type when type == typeof(double) => RunKeyType.Number,
        var type when type == typeof(string) => Words.IsEmpty || AcceptsOtherText ? RunKeyType.Text : RunKeyType.Word,
        var type when type == typeof(ImmutableArray<string>) => RunKeyType.List,
        var type => throw new NotSupportedException($"A run file has no values of type {type} ({Path})."),
    };

    /// <summary>The value where a run file does not name the key; null where that is no constant (see
    /// <see cref="DefaultDescription"/>).</summary>
    public object? Default => IsRequired || DefaultDescription.Length > 0 ? null : Get(Initial);

    /// <summary>What applies where a run file does not name the key and the default is no constant; empty otherwise.</summary>
    public string DefaultDescription { get; internal init; } = "";

    /// <summary>Whether a run file has to name the key.</summary>
    public bool IsRequired { get; internal init; }

    /// <summary>Whether null or an empty text in a run file means the same as leaving the key out.</summary>
    public bool IsOptional => Get(Initial) is null or "";

    /// <summary>The accepted numbers; null where only the type limits them.</summary>
    public RunKeyRange? Range { get; internal init; }

    /// <summary>The number that a value has to be a multiple of.</summary>
    public int MultipleOf { get; internal init; } = 1;

    /// <summary>The unit of a number; empty where it has none.</summary>
    public string Unit { get; internal init; } = "";

    /// <summary>The most characters of a text; null where it is not limited.</summary>
    public int? MaxLength { get; internal init; }

    /// <summary>The fewest entries of a list.</summary>
    public int MinItems { get; internal init; }

    /// <summary>The accepted words of a text or of the entries of a list; empty where every text is accepted.</summary>
    public ImmutableArray<RunKeyWord> Words { get; internal init; } = [];

    /// <summary>Whether other texts than <see cref="Words"/> are accepted too.</summary>
    public bool AcceptsOtherText { get; internal init; }

    /// <summary>A word that a run file may give in place of a list; null where there is none.</summary>
    public RunKeyWord? Shorthand { get; internal init; }

    /// <summary>What to do about a value that is refused; empty where the message says enough.</summary>
    public string Remedy { get; internal init; } = "";

    /// <summary>The value in a specification: null, or what <see cref="Type"/> says.</summary>
    public object? Get(RunSpec spec) => _property.Get(spec);

    /// <summary>A copy of a specification with another value.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="value">What <see cref="Type"/> says, or null where the key <see cref="IsOptional"/> and is no text.</param>
    public RunSpec With(RunSpec spec, object? value) => _property.With(spec, value);

    /// <summary>What is wrong with the key's value in a specification, whatever the other keys say.</summary>
    public IEnumerable<SpecProblem> Check(RunSpec spec) => Get(spec) switch
    {
        null => IsOptional ? [] : [new(Path, Advise("it is missing"))],
        string text => CheckText(text),
        ImmutableArray<string> list => CheckList(list.IsDefault ? [] : list),
        int or double => CheckNumber(Convert.ToDouble(Get(spec), CultureInfo.InvariantCulture)),
        _ => [],
    };

    private IEnumerable<SpecProblem> CheckText(string text)
    {
        if (Type == RunKeyType.Word && !IsWord(text, StringComparison.Ordinal)) yield return new(Path, NoWord(text));
        else if (!IsOptional && string.IsNullOrWhiteSpace(text)) yield return new(Path, Advise("it is empty"));
        if (text.Length > MaxLength)
            yield return new(
                Path,
                string.Create(CultureInfo.InvariantCulture, $"it has {text.Length} characters; use at most {MaxLength}")
            );
    }

    private IEnumerable<SpecProblem> CheckList(ImmutableArray<string> list)
    {
        if (list.Length < MinItems) yield return new(Path, Advise("it is empty"));
        for (var i = 0; i < list.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(list[i]))
                yield return new($"{Path}[{i}]", "it is empty; remove it");
            else if (!Words.IsEmpty && !IsWord(list[i], StringComparison.OrdinalIgnoreCase))
                yield return new($"{Path}[{i}]", NoWord(list[i]));
        }
    }

    private IEnumerable<SpecProblem> CheckNumber(double number)
    {
        if (Range is { } range && !range.Contains(number)) yield return new(Path, Advise(range.Refuse(number)));
        else if (MultipleOf > 1 && number % MultipleOf != 0)
            yield return new(
                Path,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{number} is not a multiple of {MultipleOf}; use {number - (number % MultipleOf)}"
                )
            );
    }

    private bool IsWord(string text, StringComparison comparison) => Words.Any(word => string.Equals(word.Word, text, comparison));

    private string NoWord(string text) => $"'{text}' is not known; use one of {string.Join(", ", Words.Select(word => word.Word))}";

    private string Advise(string problem) => Remedy.Length == 0 ? problem : $"{problem}; {Remedy}";
}
