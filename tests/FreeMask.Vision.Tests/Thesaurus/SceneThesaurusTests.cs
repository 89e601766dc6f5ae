using FreeMask.Vision.Thesaurus;
using Xunit;

namespace FreeMask.Vision.Tests.Thesaurus;

public sealed class SceneThesaurusTests
{
    private static readonly string[] Captions =
    [
        "Two sheep stand on the grass.",
        "A sheep and a DOG in a grassy field",
        "a man walks his dog on the lawn",
        "a hot dog on a table",
        "A dining table in a dining room",
        "a red bus on the road",
        "people cross a busy street",
    ];

    [Fact]
    public void Counts_are_captions_that_mention_the_terms()
    {
        var counts = ThesaurusBuilder.Build(Captions).Counts;
        Assert.Equal(7, counts.Captions);
        Assert.Equal(2, counts.Classes["sheep"]);
        Assert.Equal(2, counts.Classes["dog"]); // the hot dog is none
        Assert.Equal(2, counts.Classes["person"]);
        Assert.Equal(3, counts.Scenes["grass"].Captions);
        Assert.Equal(2, counts.Scenes["grass"].Classes["sheep"]);
        Assert.Equal(2, counts.Scenes["grass"].Classes["dog"]);
        Assert.Equal(1, counts.Scenes["grass"].Classes["person"]);
        Assert.Equal(1, counts.Scenes["field"].Captions);
        Assert.Equal(2, counts.Scenes["street"].Captions); // a road is inside of it
        Assert.Equal(1, counts.ClassPairs["dog"]["sheep"]);
        Assert.Equal(1, counts.ClassPairs["dog"]["person"]);
    }

    [Fact]
    public void One_mention_is_not_both_class_and_scene()
    {
        var counts = ThesaurusBuilder.Build(["a table", "a dining table beside a table"]).Counts;
        Assert.Equal(2, counts.Scenes["table"].Captions);
        Assert.Equal(1, counts.Scenes["table"].Classes["diningtable"]);
    }

    [Fact]
    public void R_is_a_share_and_the_best_is_one()
    {
        var thesaurus = SceneThesaurus.LoadDefault();
        foreach (var scene in thesaurus.Scenes)
        {
            var ranking = thesaurus.Rank(scene);
            Assert.Equal(20, ranking.Count);
            Assert.Equal(1, ranking[0].Normalized);
            Assert.All(ranking, m =>
            {
                Assert.InRange(m.R, 0, 1);
                Assert.InRange(m.Normalized, 0, 1);
                Assert.InRange(m.Count, 0, thesaurus.Counts.Scenes[scene].Captions);
                Assert.True(!m.Allowed || m.Support >= ThesaurusOptions.Default.MinimumSupport);
            });
            Assert.Equal(ranking.OrderByDescending(m => m.Normalized).ThenBy(m => m.ClassId), ranking);
        }
    }

    [Fact]
    public void A_higher_threshold_never_allows_more()
    {
        var loose = SceneThesaurus.LoadDefault(new ThesaurusOptions { Threshold = 0.02, TypicalThreshold = 0.02 });
        var strict = SceneThesaurus.LoadDefault(new ThesaurusOptions { Threshold = 0.2, TypicalThreshold = 0.2 });
        foreach (var scene in loose.Scenes)
            Assert.Subset(Allowed(loose, scene), Allowed(strict, scene));

        static HashSet<int> Allowed(SceneThesaurus thesaurus, string scene) =>
            [.. thesaurus.Rank(scene).Where(m => m.Allowed).Select(m => m.ClassId)];
    }

    [Fact]
    public void The_shipped_thesaurus_knows_what_stands_where()
    {
        var thesaurus = SceneThesaurus.LoadDefault();
        Assert.True(thesaurus.Allows("grass", VocClasses.IndexOf("sheep")));
        Assert.True(thesaurus.Allows("grass", VocClasses.IndexOf("cow")));
        Assert.True(thesaurus.Allows("on the water", VocClasses.IndexOf("boat")));
        Assert.True(thesaurus.Allows("in the sky", VocClasses.IndexOf("aeroplane")));
        Assert.True(thesaurus.Allows("room", VocClasses.IndexOf("sofa")));
        Assert.True(thesaurus.Allows("road", VocClasses.IndexOf("bus")));
        Assert.False(thesaurus.Allows("water", VocClasses.IndexOf("sofa")));
        Assert.False(thesaurus.Allows("sky", VocClasses.IndexOf("diningtable")));
        Assert.False(thesaurus.Allows("room", VocClasses.IndexOf("aeroplane")));
    }

    [Fact]
    public void Rare_scenes_lean_on_the_scene_around_them()
    {
        var captions = Enumerable.Repeat("a bus on the street", 200).Concat(Enumerable.Repeat("a parking lot", 2)).ToArray();
        var match = ThesaurusBuilder.Build(captions).Rank("parking lot").Single(m => m.Class == "bus");
        Assert.Equal(0, match.Count);
        Assert.True(match.Smoothed > 0.8);
        Assert.Equal(200, match.Support);
        Assert.True(match.Allowed);
    }

    [Theory]
    [InlineData("grass", "grass")]
    [InlineData("on the lawn", "grass")]
    [InlineData("Living Room", "living room")]
    [InlineData("by the sea at night", "water")]
    public void Backgrounds_are_found_by_name_word_or_phrase(string background, string scene) =>
        Assert.Equal(scene, SceneThesaurus.LoadDefault().Find(background));

    [Fact]
    public void An_unknown_background_is_answered_with_those_known()
    {
        var error = Assert.Throws<FreeMaskException>(() => SceneThesaurus.LoadDefault().Rank("lava"));
        Assert.Contains("\"lava\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("grass", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_saved_loads_the_same()
    {
        var path = Path.Combine(Path.GetTempPath(), $"thesaurus-{Guid.NewGuid():N}.json");
        try
        {
            var built = ThesaurusBuilder.Build(Captions, source: "seven captions", licence: "none");
            built.Save(path);
            var loaded = SceneThesaurus.Load(path);
            Assert.Equal("seven captions", loaded.Counts.Source);
            Assert.Equal(built.Rank("grass"), loaded.Rank("grass"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void The_shipped_counts_are_those_of_the_corpus()
    {
        var captions = CaptionFile.Read(Fixtures.Data("captions", "coco-10k.txt"));
        var counts = ThesaurusBuilder.Build(captions).Counts;
        Same(counts, SceneThesaurus.LoadDefault().Counts);
        var coco = LabelSet.Named("coco");
        Same(
            ThesaurusBuilder.Build(captions, ThesaurusVocabulary.Of(coco)).Counts,
            SceneThesaurus.LoadDefault(classes: coco).Counts
        );
    }

    private static void Same(ThesaurusCounts counts, ThesaurusCounts shipped)
    {
        Assert.Equal(shipped.Captions, counts.Captions);
        Assert.Equal(shipped.Classes, counts.Classes);
        Assert.Equal(shipped.ClassPairs["dog"], counts.ClassPairs["dog"]);
        Assert.All(shipped.Scenes, s => Assert.Equal(s.Value.Classes, counts.Scenes[s.Key].Classes));
    }

    [Theory]
    [InlineData("12345 a cat\n\n678901 a dog\n", "a cat", "a dog")]
    [InlineData("1.jpg#0\tA cat .\n1.jpg#1\tA dog .\n", "A cat .", "A dog .")]
    [InlineData("a cat\n2 dogs\n", "a cat", "2 dogs")]
    public void Caption_files_lose_their_keys(string text, string first, string second)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            Assert.Equal([first, second], CaptionFile.Read(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Other_classes_are_counted_where_captions_name_them_and_fit_everywhere_where_none_does()
    {
        var labels = LabelSet.Own(["forklift", "zebra", "surfboard", "pallet"]);
        var thesaurus = SceneThesaurus.LoadDefault(classes: labels);

        Assert.Equal([false, true, true, false], Enumerable.Range(1, 4).Select(thesaurus.Knows));
        Assert.True(thesaurus.Allows("grass", 2));
        Assert.True(thesaurus.Allows("beach", 3));
        Assert.False(thesaurus.Allows("kitchen", 2));
        Assert.All((string[])["grass", "kitchen", "beach"], scene => Assert.True(thesaurus.Allows(scene, 1)));
        Assert.Null(thesaurus.MatchOf("grass", 4));
        // The same counts by other names.
        var city = SceneThesaurus.LoadDefault(classes: LabelSet.Named("cityscapes"));
        Assert.True(city.Knows(LabelSet.Named("cityscapes").IndexOf("motorcycle")));
    }

    [Fact]
    public void A_vocabulary_with_a_cycle_is_refused() =>
        Assert.Throws<FreeMaskException>(() => ThesaurusVocabulary.Parse(
            """{"classes":{"cat":["cat"]},"scenes":{"a":{"words":["a"],"broader":"b"},"b":{"words":["b"],"broader":"a"}}}""", "test"));
}
