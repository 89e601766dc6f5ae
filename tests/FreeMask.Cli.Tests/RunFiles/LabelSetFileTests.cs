using FreeMask.Cli.RunFiles;
using FreeMask.Vision;
using Xunit;

namespace FreeMask.Cli.Tests.RunFiles;

public sealed class LabelSetFileTests
{
    [Fact]
    public void The_schema_that_ships_is_that_of_the_reader()
    {
        var path = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "docs", LabelSetJsonSchema.FileName);
        if (Environment.GetEnvironmentVariable("FREEMASK_UPDATE_DOCUMENTS") == "1") File.WriteAllText(path, LabelSetJsonSchema.Text);

        Assert.Equal(LabelSetJsonSchema.Text, File.ReadAllText(path));
        var classKeys = LabelSetJsonSchema.Create()["properties"]!["classes"]!["items"]!["anyOf"]![1]!["properties"]!.AsObject();
        Assert.Equal(LabelSetJson.ClassKeys.Order(), classKeys.Select(pair => pair.Key).Order());
    }

    [Fact]
    public void The_example_is_a_label_set() =>
        Assert.Equal(
            ["background", "forklift", "traffic cone", "pallet"],
            LabelSetFile.Read(Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "examples", "labels", "warehouse.yaml")).Names
        );

    [Theory]
    [InlineData("classes: [1, cat]", "set: class 1 has no name.")]
    [InlineData("classes: [cat", "this is no valid YAML")]
    [InlineData("name: coco\nclasses: [cat]", "'coco' is the name of a label set that ships")]
    [InlineData("classes: [{ name: cat, height: tall }]", "'height' of 'cat' is no number from 0.001 to 1000")]
    public void A_file_that_is_no_label_set_is_refused(string text, string part) =>
        Assert.Contains(
            part,
            Assert.Throws<FreeMaskException>(() => LabelSetFile.Parse(text, "set")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Names_in_quotes_are_texts() => Assert.Equal("911", LabelSetFile.Parse("classes: ['911']", "set").Names[1]);
}
