using FreeMask.Vision.Thesaurus;
using Xunit;

namespace FreeMask.Vision.Tests.Thesaurus;

public sealed class SceneThesaurusTests
{
    private static readonly Caption[] Captions = Texts(
        "Two sheep stand on the grass.",
        "A sheep and a DOG in a grassy field",
        "a man walks his dog on the lawn",
        "a hot dog on a table",
        "A dining table in a dining room",
        "a red bus on the road",
        "people cross a busy street");

    [Fact]
    public void Counts_are_images_whose_captions_mention_the_terms()
    {
        var counts = ThesaurusBuilder.Build(Captions).Counts;
        Assert.Equal((7, 7), (counts.Captions, counts.Images));
        Assert.Equal(2, counts.Classes["sheep"]);
        Assert.Equal(2, counts.Classes["dog"]); // the hot dog is none
        Assert.Equal(2, counts.Classes["person"]);
        Assert.Equal(3, counts.Scenes["grass"].Images);
        Assert.Equal(2, counts.Scenes["grass"].Classes["sheep"]);
        Assert.Equal(2, counts.Scenes["grass"].Classes["dog"]);
        Assert.Equal(1, counts.Scenes["grass"].Classes["person"]);
        Assert.Equal(1, counts.Scenes["field"].Images);
        Assert.Equal(2, counts.Scenes["street"].Images); // a road is inside of it
        Assert.Equal(1, counts.ClassPairs["dog"]["sheep"]);
        Assert.Equal(1, counts.ClassPairs["dog"]["person"]);
    }

    [Fact]
    public void One_mention_is_not_both_class_and_scene()
    {
        var counts = ThesaurusBuilder.Build(Texts("a table", "a dining table beside a table")).Counts;
        Assert.Equal(2, counts.Scenes["table"].Images);
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
                Assert.InRange(m.R, m.Interval.Low, m.Interval.High);
                Assert.InRange(m.Images, 0, Math.Min(m.Captions, thesaurus.Counts.Scenes[scene].Images));
                Assert.True(
                    !m.Allowed
                        || thesaurus.Counts.Scenes[m.Source!].Classes[m.Class] >= ThesaurusOptions.Default.MinimumSupport);
            });
            Assert.Equal(ranking.OrderByDescending(m => m.Normalized).ThenBy(m => m.ClassId), ranking);
        }
    }

    [Fact]
    public void A_higher_threshold_never_allows_more()
    {
        var loose = SceneThesaurus.LoadDefault(new ThesaurusOptions { Threshold = 0.02 });
        var strict = SceneThesaurus.LoadDefault(new ThesaurusOptions { Threshold = 0.2 });
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
        var captions = Texts([.. Enumerable.Repeat("a bus on the street", 200), .. Enumerable.Repeat("a parking lot", 2)]);
        var match = ThesaurusBuilder.Build(captions).Rank("parking lot").Single(m => m.Class == "bus");
        Assert.Equal(0, match.Images);
        Assert.True(match.Smoothed > 0.8);
        Assert.Equal("street", match.Source);
    }

    [Fact]
    public void A_part_answers_for_its_backgrounds_as_the_whole_does()
    {
        var whole = SceneThesaurus.LoadDefault();
        string[] backgrounds = ["on the road", "in the living room", "on the moon"];
        var part = SceneThesaurus.Parse(whole.Part(backgrounds), "a part");
        Assert.True(part.Scenes.Count < whole.Scenes.Count / 2);
        foreach (var background in backgrounds)
        {
            Assert.Equal(whole.Find(background), part.Find(background));
            if (whole.Find(background) is not null) Assert.Equal(whole.Rank(background), part.Rank(background));
        }

        var (dog, person) = (VocClasses.IndexOf("dog"), VocClasses.IndexOf("person"));
        Assert.Equal(whole.Beside(dog, person), part.Beside(dog, person));
    }

    [Fact]
    public void Captions_of_one_image_count_once()
    {
        Caption[] captions =
        [
            new("a bicycle in a kitchen", "1"), new("a cook in a kitchen", "2"), new("the kitchen has a bike", "1"), new("a kitchen", "1"),
        ];
        var counts = ThesaurusBuilder.Build(captions).Counts;
        Assert.Equal((4, 2), (counts.Captions, counts.Images));
        Assert.Equal(2, counts.Scenes["kitchen"].Images);
        Assert.Equal(1, counts.Scenes["kitchen"].Classes["bicycle"]);
        Assert.Equal(2, counts.Scenes["kitchen"].Captions["bicycle"]);
        Assert.Equal(1, counts.Classes["bicycle"]);
    }

    [Fact]
    public void One_picture_allows_nothing()
    {
        // Two of a thousand are above the threshold of 0.001 only by chance; twenty are not.
        foreach (var (bicycles, allowed) in new[] { (1, false), (2, false), (20, true) })
        {
            var captions = Texts(
            [
                .. Enumerable.Repeat("a person in the kitchen", 1000 - bicycles),
                .. Enumerable.Repeat("a bicycle in the kitchen", bicycles),
                .. Enumerable.Repeat("a bicycle", 5000),
            ]);
            var thesaurus = new SceneThesaurus(
                ThesaurusBuilder.Build(captions).Counts,
                new() { Threshold = 0.001, Smoothing = 0 });
            Assert.Equal(allowed, thesaurus.Rank("kitchen").Single(m => m.Class == "bicycle").Allowed);
        }
    }

    // Computed apart, in Python.
    [Theory]
    [InlineData(0, 10, 0, 0.277533)]
    [InlineData(1, 10, 0.017876, 0.404150)]
    [InlineData(5, 10, 0.236593, 0.763407)]
    [InlineData(50, 1000, 0.038130, 0.065314)]
    public void The_interval_of_a_share_is_that_of_the_score_test(int count, int total, double low, double high)
    {
        var interval = Proportion.Wilson95(count, total);
        Assert.Equal(low, interval.Low, 4);
        Assert.Equal(high, interval.High, 4);
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

    // The 10,000 captions are part of the corpus, so none of their counts is above its own.
    [Fact]
    public void The_shipped_counts_contain_those_of_a_part_of_the_corpus()
    {
        var captions = CaptionFile.Read(Fixtures.Data("captions", "coco-10k.txt"));
        foreach (var labels in new[] { LabelSet.Voc, LabelSet.Named("coco") })
        {
            var shipped = SceneThesaurus.LoadDefault(classes: labels).Counts;
            var part = ThesaurusBuilder.Build(captions, ThesaurusVocabulary.Of(labels)).Counts;
            Assert.Equal((10_000, 1_999), (part.Captions, part.Images));
            Assert.Equal((35_014, 6_999), (shipped.Captions, shipped.Images));
            Assert.Equal(part.Classes.Keys, shipped.Classes.Keys);
            Assert.All(part.Classes, c => Assert.InRange(c.Value, 0, shipped.Classes[c.Key]));
            Assert.All(
                part.Scenes,
                scene => Assert.All(
                    scene.Value.Classes,
                    c => Assert.InRange(c.Value, 0, shipped.Scenes[scene.Key].Classes.GetValueOrDefault(c.Key))));
        }
    }

    // The table of the released code of Free-Mask (class_relation.py, github.com/gaogao2002/Free_Mask, commit 2df10ca): two backgrounds for
    // each class, those in the words of this thesaurus. The thesaurus has no hillside.
    [Theory]
    [InlineData("aeroplane", "sky", "runway")]
    [InlineData("bicycle", "road", "park")]
    [InlineData("bird", "sky", "trees")]
    [InlineData("boat", "water", "harbor")]
    [InlineData("bottle", "table", "kitchen")]
    [InlineData("bus", "road", "street")]
    [InlineData("car", "road", "parking lot")]
    [InlineData("cat", "indoors", "garden")]
    [InlineData("chair", "indoors", "restaurant")]
    [InlineData("cow", "grass", "farm")]
    [InlineData("diningtable", "indoors", "restaurant")]
    [InlineData("dog", "grass", "park")]
    [InlineData("horse", "grass", "field")]
    [InlineData("motorbike", "road", "street")]
    [InlineData("person", "indoors", "outdoors")]
    [InlineData("pottedplant", "indoors", "garden")]
    [InlineData("sheep", "grass", "grass")]
    [InlineData("sofa", "indoors", "living room")]
    [InlineData("train", "railway", "station")]
    [InlineData("tvmonitor", "indoors", "living room")]
    public void The_released_table_is_allowed(string name, string first, string second)
    {
        var thesaurus = SceneThesaurus.LoadDefault();
        Assert.True(thesaurus.Allows(first, VocClasses.IndexOf(name)), first);
        Assert.True(thesaurus.Allows(second, VocClasses.IndexOf(name)), second);
    }

    [Theory]
    [InlineData("cat", "grass", true)]
    [InlineData("cat", "living room", true)]
    [InlineData("dog", "forest", true)]
    [InlineData("dog", "snow", true)]
    [InlineData("bicycle", "kitchen", false)]
    [InlineData("sofa", "road", false)]
    [InlineData("boat", "living room", false)]
    [InlineData("bottle", "snow", false)]
    [InlineData("tvmonitor", "grass", false)]
    [InlineData("sheep", "kitchen", false)]
    public void Obvious_pairs_are_allowed_and_absurd_ones_are_not(string name, string scene, bool allowed) =>
        Assert.Equal(allowed, SceneThesaurus.LoadDefault().Allows(scene, VocClasses.IndexOf(name)));

    private static Caption[] Texts(params string[] texts) => [.. texts.Select(text => new Caption(text))];

    [Theory]
    [InlineData("139 a cat\n\n678901 a dog\n", "139: a cat", "678901: a dog")]
    [InlineData("1.jpg#0\tA cat .\n1.jpg#1\tA dog .\n", "1.jpg: A cat .", "1.jpg: A dog .")]
    [InlineData("a cat\n2 dogs\n", ": a cat", ": 2 dogs")]
    public void Captions_have_the_image_that_the_file_names(string text, string first, string second)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            Assert.Equal([first, second], CaptionFile.Read(path).Select(c => $"{c.Image}: {c.Text}"));
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
