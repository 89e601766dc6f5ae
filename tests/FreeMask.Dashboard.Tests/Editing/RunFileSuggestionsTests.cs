using System.Text.Json.Nodes;
using FreeMask.Cli.RunFiles;
using FreeMask.Dashboard.Editing;
using Xunit;

namespace FreeMask.Dashboard.Tests.Editing;

/// <summary>Suggestions by the schema of run files; "|" marks the caret.</summary>
public sealed class RunFileSuggestionsTests
{
    private static readonly RunFileSuggestions Suggestions = new(RunFileJsonSchema.Create());

    [Fact]
    public void An_empty_file_may_have_every_key_of_the_schema()
    {
        var all = Find("|").Suggestions;

        Assert.Equal(RunFileJsonSchema.Create()["properties"]!.AsObject().Select(p => p.Key), all.Select(s => s.Text));
        Assert.All(all, suggestion => Assert.NotEmpty(suggestion.Description));
    }

    [Fact]
    public void Keys_are_those_of_the_section_that_it_does_not_have_yet()
    {
        var found = Find("generation:\n  steps: 20\n  |\nrounds: 2\n").Suggestions.Select(s => s.Text).ToList();

        Assert.Contains("scheduler", found);
        Assert.DoesNotContain("steps", found);
        Assert.DoesNotContain("classes", found);
        Assert.DoesNotContain("rounds", Find("rounds: 2\n|\n").Suggestions.Select(s => s.Text));
        Assert.Contains("scheduler", Find("generation: {steps: 20, |}").Suggestions.Select(s => s.Text));
    }

    [Fact]
    public void A_key_brings_its_colon_and_a_section_its_indentation()
    {
        var key = Assert.Single(Find("generation:\n  step|").Suggestions, s => s.Text == "steps");
        Assert.Equal(("steps: ", SuggestionKind.Key, "integer, 1 to 1000; default 25"), (key.Insert, key.Kind, key.Detail));
        Assert.StartsWith("Denoising steps", key.Description, StringComparison.Ordinal);
        var section = Assert.Single(Find("gener|").Suggestions);
        Assert.Equal(("generation:\n  ", SuggestionKind.Section), (section.Insert, section.Kind));
        var list = Find("generation:\n  step|s: 20");
        Assert.Equal((2, 3, 8), (list.Line, list.From, list.To));
        Assert.Equal("steps", Assert.Single(list.Suggestions, s => s.Text == "steps").Insert);
    }

    [Fact]
    public void Values_are_the_words_of_the_key_with_their_meaning()
    {
        var found = Find("source:\n  kind: |").Suggestions;
        Assert.Equal(["diffusion", "folder"], found.Select(s => s.Text));
        Assert.Equal("images and masks are read from a folder", found[1].Description);
        // Those that begin so, then those that hold it.
        Assert.Equal(["own", "voc", "coco"], Texts("labels: o|"));
        Assert.Equal(["all"], Texts("classes: |"));
        Assert.Equal(["folder"], Texts("source: {kind: fo|"));
        Assert.Equal(["true", "false"], Texts("execution:\n  mixedArithmetic: |"));
        Assert.Equal(["mask", "mask-and-class"], Texts("scoring:\n  criterion: ma|"));
        Assert.Empty(Texts("rounds: |"));
    }

    [Theory]
    [InlineData("# ma|")]
    [InlineData("mask: >\n  |")]
    [InlineData("unknown:\n  |")]
    [InlineData("rounds: 2\n  |")]
    [InlineData("classes: [cat, |")]
    [InlineData("mask: {crf: {a: |")]
    public void Where_the_schema_knows_nothing_nothing_is_suggested(string text) => Assert.Empty(Texts(text));

    [Fact]
    public void Words_that_yaml_would_take_for_something_else_are_quoted()
    {
        var schema = JsonNode.Parse("""
            {"properties": {"a": {"anyOf": [{"enum": ["no", "1.5", "word"]}, {"type": "array", "items": {"enum": ["one"]}}]}}}
            """)!.AsObject();
        var suggestions = new RunFileSuggestions(schema);

        Assert.Equal(["\"no\"", "\"1.5\"", "word"], suggestions.Find("a: ", 1, 4).Suggestions.Select(s => s.Insert));
        Assert.Equal(["no", "1.5", "word"], suggestions.Find("a: \"", 1, 5).Suggestions.Select(s => s.Insert));
        Assert.Equal(["one"], suggestions.Find("a: [", 1, 5).Suggestions.Select(s => s.Insert));
        Assert.Contains("- one", suggestions.Find("a:\n  ", 2, 3).Suggestions.Select(s => s.Insert));
    }

    private static IEnumerable<string> Texts(string text) => Find(text).Suggestions.Select(s => s.Text);

    private static SuggestionList Find(string text)
    {
        var caret = text.IndexOf('|', StringComparison.Ordinal);
        var before = text[..caret];
        return Suggestions.Find(text.Remove(caret, 1), before.Count(c => c == '\n') + 1, caret - before.LastIndexOf('\n'));
    }
}
