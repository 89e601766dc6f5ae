using System.Text.Json;
using FreeMask.Vision.Diffusion.Text;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion.Text;

public sealed class ClipTokenizerTests
{
    [Fact]
    public void Five_hundred_strings_equal_the_fast_reference()
    {
        var tokenizer = ClipTokenizer.Load(Fixtures.Path("clip"));
        using var golden = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("clip", "tokens.json")));
        var rows = golden.RootElement.EnumerateObject().First(p => p.Value.ValueKind == JsonValueKind.Array).Value;
        var wrong = new List<string>();
        foreach (var row in rows.EnumerateArray())
        {
            var text = row.GetProperty("text").GetString()!;
            var ids = row.TryGetProperty("fast_ids", out var fast) ? fast : row.GetProperty("ids");
            int[] expected = [.. ids.EnumerateArray().Select(e => e.GetInt32())];
            var actual = tokenizer.Encode(text);
            int[] uncut = [tokenizer.StartId, .. actual.Spans.Select(s => s.Id), tokenizer.EndId];
            if (!expected.SequenceEqual(uncut)) wrong.Add($"{text} -> {string.Join(',', uncut)}, expected {string.Join(',', expected)}");
            Assert.Equal(77, actual.Ids.Count);
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count}: {string.Join("\n", wrong.Take(12))}");
    }

    [Theory]
    [InlineData("a photo of a potted plant, and a dining table", "potted plant", new[] { 5, 6 })]
    [InlineData("a dog and another DOG in a doghouse", "dog", new[] { 2, 5 })]
    [InlineData("a café in 北京", "café", new[] { 2 })]
    [InlineData("a photo of a cat", "dog", new int[0])]
    public void Words_are_found_by_offsets(string text, string phrase, int[] positions)
    {
        var tokens = ClipTokenizer.Load(Fixtures.Path("clip")).Encode(text);
        Assert.Equal(positions, tokens.PositionsOf(phrase));
    }

    [Theory]
    [InlineData("sd15", "sd15-optimum")]
    [InlineData("sd2", "sd2-optimum")]
    public void Golden_prompts_have_the_golden_words(string model, string folder)
    {
        var tokenizer = ClipTokenizer.Load(Fixtures.Path("sd", folder, "tokenizer"));
        var golden = new Golden(folder);
        Assert.Equal(model, golden.Json.GetProperty("model").GetString());
        var compared = 0;
        foreach (var prompt in golden.Json.GetProperty("prompts").EnumerateObject())
        {
            var tokens = tokenizer.Encode(prompt.Value.GetProperty("text").GetString()!);
            Assert.Equal(prompt.Value.GetProperty("tokens_used").GetInt32(), tokens.WordTokens + 2);
            if (!prompt.Value.TryGetProperty("classes", out var classes)) continue;
            foreach (var c in classes.EnumerateArray())
            {
                int[] expected = [.. c.GetProperty("tokens").EnumerateArray().Select(e => e.GetInt32())];
                Assert.Equal(expected, tokens.PositionsOf(c.GetProperty("text").GetString()!));
                compared++;
            }
        }

        Assert.Equal(6, compared);
    }

    [Fact]
    public void A_long_prompt_says_what_was_cut()
    {
        var tokenizer = ClipTokenizer.Load(Fixtures.Path("clip"));
        var text = string.Join(' ', Enumerable.Repeat("word", 75)) + " lost tail";
        var tokens = tokenizer.Encode(text);
        Assert.Equal("lost tail", tokens.CutText);
        Assert.Equal(tokenizer.EndId, tokens.Ids[^1]);
        Assert.Empty(tokens.PositionsOf("tail"));
        Assert.True(tokens.Contains("tail"));
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<FreeMaskException>(() => ClipTokenizer.Load(Path.Combine(Path.GetTempPath(), "no-such-tokenizer")));
        Assert.Contains("vocab.json", error.Message, StringComparison.Ordinal);
    }
}
