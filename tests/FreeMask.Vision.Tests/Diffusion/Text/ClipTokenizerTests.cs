using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Diffusion.Text;
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

    [Theory]
    [InlineData("merges as texts")]
    [InlineData("merges as pairs")]
    public void The_single_file_of_current_tools_encodes_alike(string form)
    {
        using var folder = new TemporaryFolder();
        var source = Path.Combine(Fixtures.RepositoryRoot, "tests", "FreeMask.Vision.Tests", "Diffusion", "Export", "tokenizer");
        var vocabulary = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "vocab.json")))!.AsObject();
        var (start, end) = (vocabulary["<|startoftext|>"]!.GetValue<int>(), vocabulary["<|endoftext|>"]!.GetValue<int>());
        var merges = File.ReadLines(Path.Combine(source, "merges.txt")).Skip(1).Where(line => line.Length > 0);
        // Special tokens stand in added_tokens alone.
        vocabulary.Remove("<|startoftext|>");
        vocabulary.Remove("<|endoftext|>");
        var whole = new JsonObject
        {
            ["added_tokens"] = new JsonArray(
                new JsonObject
                {
                    ["id"] = start,
                    ["content"] = "<|startoftext|>",
                    ["special"] = true,
                },
                new JsonObject
                {
                    ["id"] = end,
                    ["content"] = "<|endoftext|>",
                    ["special"] = true,
                }
            ),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["end_of_word_suffix"] = "</w>",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([
                    .. merges.Select(line =>
                        form == "merges as texts" ? (JsonNode)line : new JsonArray([.. line.Split(' ').Select(part => (JsonNode)part)])
                    ),
                ]),
            },
        };
        File.WriteAllText(folder["tokenizer.json"], whole.ToJsonString());
        var (expected, actual) = (ClipTokenizer.Load(source), ClipTokenizer.Load(folder.Path));
        Assert.Equal(
            (expected.StartId, expected.EndId, expected.PadId, 77),
            (actual.StartId, actual.EndId, actual.PadId, actual.MaximumLength)
        );
        foreach (var text in new[] { "a photo of a dog", "two potted plants, a tv monitor's café!", "" })
            Assert.Equal(expected.Encode(text).Ids, actual.Encode(text).Ids);

        File.WriteAllText(folder["tokenizer.json"], """{"model": {"type": "Unigram", "vocab": []}}""");
        Assert.Contains(
            "no tokenizer of CLIP",
            Assert.Throws<FreeMaskException>(() => ClipTokenizer.Load(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("added_tokens.json", """{"<pad>": 7000}""")]
    [InlineData(
        "tokenizer_config.json",
        """{"pad_token": "<pad>", "added_tokens_decoder": {"7000": {"content": "<pad>", "special": true}}}"""
    )]
    public void Tokens_that_came_after_the_vocabulary_are_found(string file, string text)
    {
        using var folder = new TemporaryFolder();
        foreach (
            var path in Directory.EnumerateFiles(
                Path.Combine(Fixtures.RepositoryRoot, "tests", "FreeMask.Vision.Tests", "Diffusion", "Export", "tokenizer")
            )
        )
            File.Copy(path, folder[Path.GetFileName(path)]);
        File.WriteAllText(
            folder["special_tokens_map.json"],
            """{"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": {"content": "<pad>"}}"""
        );
        Assert.Contains("<pad>", Assert.Throws<FreeMaskException>(() => ClipTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder[file], text);
        Assert.Equal(7000, ClipTokenizer.Load(folder.Path).Encode("a dog").Ids[^1]);
    }

    [Fact]
    public void Letters_beyond_the_first_plane_are_letters()
    {
        // CJK extension B, mathematical and Deseret letters and digits; an emoji is neither.
        var pieces = new ClipPreTokenizer();
        string[] Cut(string text) => [.. pieces.PreTokenize(text).Select(p => text.Substring(p.Offset, p.Length))];
        Assert.Equal(["𠮷野", "家"], Cut("𠮷野 家"));
        Assert.Equal(["𝐀𝐁c", "𝟎", "𝟏"], Cut("𝐀𝐁c𝟎𝟏"));
        Assert.Equal(["a", "😀!?", "𐐨𐐩", "'ll", "x"], Cut("a😀!? 𐐨𐐩'll x"));
        Assert.Equal(["<|endoftext|>", "dog", "'s", "\uD800", "b"], Cut("<|endoftext|>dog's\uD800b"));
        Assert.Equal("𐐨", ClipTokenizer.Normalize("𐐀"));
        var tokens = ClipTokenizer.Load(Fixtures.Path("clip")).Encode("a dog𠮷 and a dog");
        Assert.Single(tokens.PositionsOf("dog"));
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<FreeMaskException>(() => ClipTokenizer.Load(Path.Combine(Path.GetTempPath(), "no-such-tokenizer")));
        Assert.Contains("vocab.json", error.Message, StringComparison.Ordinal);
    }
}
