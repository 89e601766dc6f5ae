using FreeMask.Dashboard.Editing;
using Xunit;

namespace FreeMask.Dashboard.Tests.Editing;

/// <summary>Places in texts that are being written; "|" marks the caret.</summary>
public sealed class YamlScannerTests
{
    [Theory]
    [InlineData("|", "Entry", "", "")]
    [InlineData("ro|", "Entry", "", "ro")]
    [InlineData("rounds: |", "Value", "rounds", "")]
    [InlineData("rounds:|", "None", "rounds", "")]
    [InlineData("rounds: 2|", "Value", "rounds", "2")]
    [InlineData("mask:\n  |", "Entry", "mask", "")]
    [InlineData("mask:\n  refine|", "Entry", "mask", "refine")]
    [InlineData("mask:\n  refinement: p|", "Value", "mask/refinement", "p")]
    [InlineData("mask:\n  refinement: crf\n|", "Entry", "", "")]
    [InlineData("mask:\n  refinement: crf\n  |\nrounds: 2", "Entry", "mask", "")]
    [InlineData("a:\n  b:\n    c: |", "Value", "a/b/c", "")]
    [InlineData("a:\n  b:\n    c: 1\n  |", "Entry", "a", "")]
    public void Blocks_are_told_by_indentation(string text, string kind, string path, string prefix) =>
        AssertPlace(text, kind, path, prefix);

    [Theory]
    [InlineData("backgrounds:\n  - gr|", "Entry", "backgrounds/-", "gr")]
    [InlineData("backgrounds:\n- grass\n- |", "Entry", "backgrounds/-", "")]
    [InlineData("backgrounds:\n- grass\nro|", "Entry", "", "ro")]
    [InlineData("classes:\n  - name: |", "Value", "classes/-/name", "")]
    [InlineData("classes:\n  - name: cat\n    |", "Entry", "classes/-", "")]
    public void Entries_of_lists_are_levels_of_their_own(string text, string kind, string path, string prefix) =>
        AssertPlace(text, kind, path, prefix);

    [Theory]
    [InlineData("classes: [|", "Value", "classes/-", "")]
    [InlineData("classes: [cat, d|", "Value", "classes/-", "d")]
    [InlineData("classes: [cat,\n  d|", "Value", "classes/-", "d")]
    [InlineData("classes: [cat]|", "None", "classes", "")]
    [InlineData("mask: {|", "Key", "mask", "")]
    [InlineData("mask: {refinement: |", "Value", "mask/refinement", "")]
    [InlineData("mask: {refinement:|", "None", "mask/refinement", "")]
    [InlineData("mask: {refinement: crf, pre|", "Key", "mask", "pre")]
    [InlineData("mask: {list: [a, b], pre|", "Key", "mask", "pre")]
    [InlineData("mask: {list: [a, {b: |", "Value", "mask/list/-/b", "")]
    [InlineData("classes: [cat\nrou|", "Entry", "", "rou")]
    [InlineData("mask: {refinement: crf\nrounds: |", "Value", "rounds", "")]
    public void Flow_lists_and_maps_are_read_even_if_they_are_not_closed(string text, string kind, string path, string prefix) =>
        AssertPlace(text, kind, path, prefix);

    [Theory]
    [InlineData("# comment |", "None")]
    [InlineData("rounds: 2 # comm|", "None")]
    [InlineData("rounds: # comm|", "None")]
    [InlineData("mask: {a: 1, # comm|", "None")]
    [InlineData("note: |\n  any ^", "None")]
    [InlineData("note: >-\n  a\n\n  b^", "None")]
    [InlineData("note: \"a: [b#c\" ^", "None")]
    [InlineData("note: \"a # b^", "Value")]
    [InlineData("note: 'it^", "Value")]
    [InlineData("note: c#d^", "Value")]
    [InlineData("note: \"[\"\nrounds: ^", "Value")]
    [InlineData("note: |\n  text: [\nrounds: ^", "Value")]
    public void Comments_quotations_and_block_scalars_are_no_structure(string text, string kind)
    {
        var mark = text.Contains('^', StringComparison.Ordinal) ? '^' : '|';
        Assert.Equal(kind, Find(text, mark).Kind.ToString());
    }

    [Fact]
    public void Siblings_are_the_other_keys_of_the_same_map()
    {
        Assert.Equal(["crf", "preset"], Siblings("mask:\n  crf: 1\n  |\n  preset: daam\nrounds: 2"));
        Assert.Equal(["mask", "rounds"], Siblings("mask:\n  crf: 1\n  preset: daam\n|\nrounds: 2"));
        Assert.Equal(["a", "c"], Siblings("mask: {a: 1, |, c: 2}"));
        // The key at the caret is not its own sibling, and the entries of a list have keys of their own.
        Assert.Equal(["rounds"], Siblings("mas|k: 1\nrounds: 2"));
        Assert.Equal(["name"], Siblings("- id: 1\n- name: a\n  |"));

        static IEnumerable<string> Siblings(string text) => Find(text, '|').Siblings.Order(StringComparer.Ordinal);
    }

    [Fact]
    public void The_word_at_the_caret_reaches_behind_it()
    {
        var place = Find("mask:\n  refi|nement: crf", '|');
        Assert.Equal((2, 12, "refi", true), (place.From, place.To, place.Prefix, place.HasColon));
        place = Find("mask: {scheduler: dpm++|2m, a: 1}", '|');
        Assert.Equal((18, 25, "dpm++", false), (place.From, place.To, place.Prefix, place.HasColon));
        place = Find("note: \"a|b\"", '|');
        Assert.Equal((7, 9, true), (place.From, place.To, place.IsQuoted));
    }

    /// <summary>Every place of every text has an answer: what is written is broken most of the time.</summary>
    [Fact]
    public void No_text_is_too_broken()
    {
        const string Parts = "ab: -[]{},'\"#|>\n  \t&*";
        ulong state = 7;
        for (var i = 0; i < 2000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, 24).Select(_ => Parts[Next(Parts.Length)]));
            var place = YamlScanner.Find(text, Next(6), Next(12));
            Assert.InRange(place.From, 0, place.To);
        }

        Assert.Equal(YamlPlaceKind.Entry, YamlScanner.Find("", 5, 5).Kind);

        int Next(int below)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            return (int)((state >> 33) % (ulong)below);
        }
    }

    private static void AssertPlace(string text, string kind, string path, string prefix)
    {
        var place = Find(text, '|');
        Assert.Equal((kind, path, prefix), (place.Kind.ToString(), string.Join('/', place.Path), place.Prefix));
    }

    private static YamlPlace Find(string text, char mark)
    {
        var caret = text.LastIndexOf(mark);
        var before = text[..caret];
        var line = before.Count(c => c == '\n');
        return YamlScanner.Find(text.Remove(caret, 1), line, caret - before.LastIndexOf('\n') - 1);
    }
}
