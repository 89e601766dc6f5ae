using System.Text.Json;
using FreeMask.Diffusion.Text;
using FreeMask.Randomness;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Mini.Text;
using Xunit;

namespace FreeMask.Training.Tests.Mini;

public sealed class MiniVocabularyTests
{
    private static readonly MiniVocabulary Vocabulary = MiniVocabulary.OfCaptions();

    [Fact]
    public void Every_caption_word_is_one_token()
    {
        Assert.All(Captions.Words, word => Assert.Single(Vocabulary.EncodeWord(word)));
        Assert.Equal(Captions.Words.Count, Captions.Words.SelectMany(Vocabulary.EncodeWord).Distinct().Count());
    }

    [Fact]
    public void Unknown_words_fall_back_to_pieces_and_bytes()
    {
        var pieces = Vocabulary.EncodeWord("zebra");
        Assert.True(pieces.Count > 1);
        Assert.All(Vocabulary.EncodeWord("é"), id => Assert.InRange(id, 0, 511));
    }

    [Fact]
    public void Captions_are_framed_padded_and_cut()
    {
        var ids = Vocabulary.Encode("a dog");
        Assert.Equal(MiniVocabulary.Length, ids.Length);
        Assert.Equal(Vocabulary.Start, ids[0]);
        Assert.All(ids[3..], id => Assert.Equal(Vocabulary.End, id));
        Assert.Equal(Vocabulary.End, Vocabulary.Encode(string.Join(' ', Enumerable.Repeat("dog", 40)))[^1]);
        Assert.Equal(Vocabulary.Encode("A  DOG"), ids);
    }

    [Fact]
    public void The_files_are_CLIPs()
    {
        var directory = Directory.CreateTempSubdirectory("freemask-vocabulary").FullName;
        Vocabulary.Save(directory);
        var merges = File.ReadAllLines(Path.Combine(directory, "merges.txt"));
        Assert.StartsWith("#version", merges[0]);
        using var vocab = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, "vocab.json")));
        var ids = vocab.RootElement.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetInt32());
        Assert.Equal(Vocabulary.Count, ids.Count);
        Assert.Equal(Enumerable.Range(0, ids.Count), ids.Values.Order());
        Assert.Equal(0, ids["!"]);
        Assert.All(
            merges.Skip(1).Where(line => line.Length > 0),
            line => Assert.Contains(line.Replace(" ", "", StringComparison.Ordinal), ids.Keys)
        );
        Assert.Equal(Vocabulary.End, ids["<|endoftext|>"]);
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, "tokenizer_config.json")));
        Assert.Equal(MiniVocabulary.Length, config.RootElement.GetProperty("model_max_length").GetInt32());
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void The_runtimes_tokenizer_gives_the_same_ids()
    {
        var directory = Directory.CreateTempSubdirectory("freemask-vocabulary").FullName;
        Vocabulary.Save(directory);
        var tokenizer = ClipTokenizer.Load(directory);
        Directory.Delete(directory, recursive: true);
        string[] texts =
        [
            "", "dog", "a photo of a dining table in the room", "a zebra and a photographer", "on the sand an aeroplane", "tvmonitors",
            .. Enumerable.Range(1, 20).Select(id => Captions.Full(id, SceneKind.Forest)),
        ];
        Assert.All(texts, text => Assert.Equal(Vocabulary.Encode(text), tokenizer.Encode(text).Ids.Select(id => (long)id)));
    }

    [Fact]
    public void Captions_use_known_words_and_about_half_end_with_the_class()
    {
        var ends = 0;
        const int Count = 2000;
        for (var i = 0; i < Count; i++)
        {
            var random = new CounterRandom(1, i, 0, "captions-test");
            var classId = 1 + (i % 20);
            var caption = Captions.Draw(classId, SceneKind.Room, random);
            Assert.All(caption.Split(' '), word => Assert.Contains(word, Captions.Words));
            Assert.Contains(Captions.ClassWords(classId), caption);
            Assert.True(caption.Split(' ').Length <= MiniVocabulary.Length - 2);
            if (caption.EndsWith(Captions.ClassWords(classId), StringComparison.Ordinal)) ends++;
        }

        Assert.InRange(ends / (double)Count, 0.4, 0.6);
    }
}
