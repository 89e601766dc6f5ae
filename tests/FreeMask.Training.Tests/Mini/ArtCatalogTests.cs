using FreeMask.Training.Mini.Art;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Mini.Stages;
using FreeMask.Vision.Datasets;
using Xunit;

namespace FreeMask.Training.Tests.Mini;

public sealed class ArtCatalogTests
{
    [Fact]
    public void No_training_image_of_the_additional_packages_has_the_outline_of_a_held_out_one()
    {
        var sprites = MiniArt.Require().Sprites;
        static (string Family, string Icon) Outline(Sprite sprite) =>
            (ArtSelection.Family(sprite.Name.Split(':')[0]), sprite.Name.Split(':')[1]);
        var heldOut = sprites.Where(sprite => sprite.HeldOut).Select(Outline).ToHashSet();
        string[] additional = ["noto-v1", "emojione", "fluent", "streamline"];
        var added = sprites.Where(sprite => additional.Contains(sprite.Name.Split(':')[0])).ToList();
        Assert.True(added.Count > 100, $"{added.Count} images");
        Assert.All(added, sprite => Assert.False(sprite.HeldOut, sprite.Name));
        Assert.All(added, sprite => Assert.DoesNotContain(Outline(sprite), heldOut));
    }

    [Fact]
    public void The_held_out_set_is_the_one_that_ships()
    {
        // Masks only: the encoder of the images may change.
        var art = MiniArt.Require();
        var shipped = VocFolder.Open(Path.Combine(Repository(), "models", "mini", "heldout"), HeldOutSet.MultipleSplit);
        var renderer = new SceneRenderer(art, HeldOutSet.Seed, heldOut: true);
        for (var i = 0; i < 20; i++)
            Assert.Equal(shipped.Load(shipped.Entries[i]).Labels.Labels, renderer.Multiple(i, 1 + i).Classes.Labels);
    }

    [Theory]
    [InlineData("twemoji")]
    [InlineData("fxemoji")]
    public void A_test_style_has_no_training_image(string style)
    {
        MiniArt.Require();
        var art = ArtCatalog.LoadTestStyle(MiniArt.Directory!, style);
        Assert.All(art.Sprites, sprite => Assert.True(sprite.HeldOut));
        Assert.DoesNotContain(MiniArt.Require().Sprites, sprite => sprite.Name.StartsWith(style, StringComparison.Ordinal));
        var renderer = new SceneRenderer(art, 3, heldOut: true);
        Assert.InRange(renderer.Classes.Count, 15, 17);
        foreach (var classId in renderer.Classes) Assert.Contains(classId, renderer.Multiple(classId, classId).Objects);
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "FreeMask.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
