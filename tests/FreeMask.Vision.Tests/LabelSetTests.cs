using System.Text.Json.Nodes;
using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Segmentation;
using FreeMask.Vision.Thesaurus;
using Xunit;

namespace FreeMask.Vision.Tests;

public sealed class LabelSetTests
{
    public static TheoryData<string> BuiltIn => new(LabelSet.BuiltIn);

    private static LabelSet Parse(string json) => LabelSetJson.Parse(JsonNode.Parse(json), "set");

    private static string[] Problems(string json) => Assert.Throws<FreeMaskException>(() => Parse(json)).Message.Split('\n');

    [Theory]
    [InlineData("voc", 20)]
    [InlineData("cityscapes", 19)]
    [InlineData("cityscapes-human-vehicle", 2)]
    [InlineData("coco", 80)]
    [InlineData("ade20k", 150)]
    public void A_set_that_ships_has_the_classes_of_its_data_set(string name, int classes)
    {
        var labels = LabelSet.Named(name);

        Assert.Equal(classes, labels.Classes.Count);
        Assert.Equal(classes + 1, labels.Names.Count);
        Assert.Equal(name, labels.Name);
        Assert.All(labels.Classes.Index(), item => Assert.Equal(item.Index + 1, item.Item.Id));
        Assert.Equal(classes, labels.Classes.Select(item => item.Color).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void What_is_written_is_read_back_the_same(string name)
    {
        var written = LabelSetJson.Write(LabelSet.Named(name));

        Assert.DoesNotContain('\n', written);
        Assert.Equal(written, LabelSetJson.Write(LabelSetJson.Read(written)));
    }

    [Fact]
    public void Vocs_classes_have_the_ids_and_colors_of_its_masks()
    {
        Assert.Equal((8, 12, 20), (LabelSet.Voc.IndexOf("cat"), LabelSet.Voc.IndexOf("Dog"), LabelSet.Voc.IndexOf("tvmonitor")));
        Assert.Equal((0, -1), (LabelSet.Voc.IndexOf("background"), LabelSet.Voc.IndexOf("unicorn")));
        Assert.All(Enumerable.Range(0, 256), i => Assert.Equal(VocPalette.Color((byte)i), LabelSet.Voc.Color((byte)i)));
        Assert.Equal("dining table", LabelSet.Voc[11].Words);
        Assert.All(LabelSet.Voc.Classes, item => Assert.True(item.Subclasses.Count >= 10 && item.Metres > 0));
        // The words for captions are those of the thesaurus.
        Assert.All(
            LabelSet.Voc.Classes,
            item => Assert.Equal(ThesaurusVocabulary.Default.Classes[item.Name], item.Synonyms)
        );
    }

    [Fact]
    public void Cityscapes_classes_are_those_of_its_reader()
    {
        var labels = LabelSet.Named("cityscapes");

        Assert.Equal(CityscapesClasses.Trained.Select(c => (c.Name, c.Color)), labels.Classes.Select(c => (c.Name, c.Color)));
        Assert.All(labels.Classes, item => Assert.True(item.Subclasses.Count >= 10));
        string[] names = ["road", .. CityscapesClasses.Trained.Select(c => c.Name).Skip(11)];
        // Person and rider; car, truck, bus and train. Motorcycle and bicycle are neither.
        Assert.Equal<byte>([0, 1, 1, 2, 2, 2, 2, 0, 0], ClassMapping.To(LabelSet.Named("cityscapes-human-vehicle"), names).Labels);
    }

    [Theory]
    [InlineData("coco", 20)]
    // ADE20K has no bird, cat, cow, dog, horse, potted plant, sheep and train.
    [InlineData("ade20k", 12)]
    [InlineData("cityscapes", 6)]
    public void Classes_of_other_data_sets_are_matched_by_their_names(string name, int matched)
    {
        var labels = LabelSet.Named(name);
        Assert.Equal(matched, LabelSet.Voc.Classes.Count(item => labels.Match(item.Name) > 0));
        Assert.Equal(matched, labels.Classes.Select(item => LabelSet.Voc.Match(item.Name)).Where(id => id > 0).Distinct().Count());
    }

    [Fact]
    public void Classes_that_nobody_described_have_defaults()
    {
        var labels = LabelSet.Own(["forklift", "cat", "traffic cone"]);

        Assert.Equal(["background", "forklift", "cat", "traffic cone"], labels.Names);
        var (forklift, cat, cone) = (labels[1], labels[2], labels[3]);
        Assert.Null(forklift.Metres);
        Assert.Equal(
            ("forklift", SupportSurfaces.Ground, true, VocPalette.Color(1)),
            (forklift.Words, forklift.Supports, forklift.IsThing, forklift.Color)
        );
        Assert.Equal(["traffic cone", "traffic cones"], cone.Synonyms);
        // What VOC's set knows about a cat holds for this one too; the id and color are those of this set.
        Assert.Equal(0.3, cat.Metres);
        Assert.Equal((2, VocPalette.Color(2)), (cat.Id, cat.Color));
        Assert.Equal(LabelSet.Voc[8].Supports, cat.Supports);
    }

    [Fact]
    public void A_file_overrides_what_is_known()
    {
        var labels = Parse(
            """
            {"name":"yard","classes":["pallet",
              {"name":"cat","id":3,"color":"#10203f","words":"house cat","height":0.4,"supports":"table","kind":"stuff"},
              {"name":"cone","id":2,"aliases":["Pylon"],"attention":"cone"}]}
            """
        );

        Assert.Equal(["background", "pallet", "cone", "cat"], labels.Names);
        Assert.Equal((0x10, 0x20, 0x3f), labels.Color(3));
        Assert.Equal(0.4, labels[3].Metres);
        Assert.Equal(
            ("house cat", SupportSurfaces.TableTop, false),
            (labels[3].Words, labels[3].Supports, labels[3].IsThing)
        );
        Assert.Equal((2, 3, 0, -1), (labels.Match("pylon"), labels.Match("CAT"), labels.Match("background"), labels.Match("dog")));
    }

    [Fact]
    public void Ids_may_have_gaps_and_labels_have_none()
    {
        var labels = Parse("""{"classes":[{"name":"pallet","id":200},{"name":"cone","id":7},{"name":"cat","id":24}]}""");

        Assert.Equal(["background", "cone", "cat", "pallet"], labels.Names);
        Assert.Equal([0, 7, 24, 200], labels.Values);
        Assert.Equal([1, 2, 3], labels.Classes.Select(item => (int)item.Id));
        Assert.Equal(VocPalette.Color(200), labels.Color(3));
        Assert.Equal((VocPalette.Color(24), VocPalette.Color(255)), (labels.ColorOfValue(24), labels.ColorOfValue(255)));
        Assert.Equal([0, 7, 200, 255], labels.ToValues(new LabelMap(4, 1, [0, 1, 3, 255])).Labels);
        var again = LabelSetJson.Read(LabelSetJson.Write(labels));
        Assert.Equal(labels.Names, again.Names);
        Assert.Equal(labels.Values, again.Values);
    }

    [Fact]
    public void Every_problem_of_a_set_is_said_at_once()
    {
        var problems = Problems(
            """
            {"colour":1,"classes":["all",{"name":"a b","size":2},{"name":"A-B","id":255,"color":"red"},
              {"name":"c","height":-1,"supports":["sea"],"kind":"thin","synonyms":[1]},{"id":1},{"name":"d","id":3}]}
            """
        );

        string[] parts =
        [
            "unknown key 'colour'", "'all' cannot be", "unknown key 'size'", "'id' of 'A-B' is no whole number from 1 to 254",
            "'color' of 'A-B'", "'synonyms' of 'c'", "'supports' of 'c' may name ground, water, air, table, runway",
            "'height' of 'c'", "'kind' of 'c'",
            "class 5 has no name", "the class 'a b' is named twice", "'A-B' and 'd' have the id 3",
        ];
        Assert.All(parts, part => Assert.Contains(problems, problem => problem.Contains(part, StringComparison.Ordinal)));
        Assert.Equal(["set: it needs a list of classes, such as 'classes: [forklift, traffic cone]'."], Problems("{\"classes\":[]}"));
        string[] many = [.. Enumerable.Range(0, 255).Select(i => $"\"c{i}\"")];
        Assert.Contains("at most 254", Assert.Single(Problems($"{{\"classes\":[{string.Join(',', many)}]}}")), StringComparison.Ordinal);
        Assert.Equal(255, Parse($"{{\"classes\":[{string.Join(',', many.Skip(1))}]}}").Names.Count);
    }

    [Theory]
    [InlineData("dog", "a photo of a labrador dog", "dog")]
    [InlineData("dog", "a photo of a dog", "dog")]
    [InlineData("car", "a photo of a police car on a road", "car")]
    [InlineData("bird", "a photo of a flamingo", "flamingo")]
    [InlineData("person", "a photo of an old man", "old man")]
    [InlineData("cat", "a catalog of things", "cat")]
    public void Attention_is_that_of_the_class_or_else_of_the_kind(string name, string prompt, string words) =>
        Assert.Equal(words, LabelSet.Voc[LabelSet.Voc.IndexOf(name)].AttentionIn(prompt));

    [Fact]
    public void Named_attention_words_come_first()
    {
        var cone = Parse("""{"classes":[{"name":"traffic cone","subclasses":["road cone"],"attention":["cone"]}]}""")[1];

        Assert.Equal("cone", cone.AttentionIn("a photo of a road cone"));
        Assert.Equal("cone", cone.AttentionIn("a photo of a traffic cone"));
    }
}
