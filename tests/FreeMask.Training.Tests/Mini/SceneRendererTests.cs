using FreeMask.Imaging;
using FreeMask.Training.Mini.Scenes;
using Xunit;

namespace FreeMask.Training.Tests.Mini;

public sealed class SceneRendererTests
{
    [Fact]
    public void A_scene_depends_on_seed_and_index_alone()
    {
        var art = MiniArt.Require();
        var first = new SceneRenderer(art, 3, heldOut: false);
        first.Single(8, 12);
        var again = new SceneRenderer(art, 3, heldOut: false).Single(5, 12);
        var scene = first.Single(5, 12);
        Assert.Equal(scene.Image.Pixels, again.Image.Pixels);
        Assert.Equal(scene.Classes.Labels, again.Classes.Labels);
        Assert.NotEqual(scene.Image.Pixels, first.Single(6, 12).Image.Pixels);
        Assert.NotEqual(scene.Image.Pixels, new SceneRenderer(art, 4, heldOut: false).Single(5, 12).Image.Pixels);
    }

    [Fact]
    public void Single_scenes_hold_one_whole_object_of_their_class()
    {
        var renderer = new SceneRenderer(MiniArt.Require(), 1, heldOut: true);
        var shares = new List<double>();
        for (var classId = 1; classId <= 20; classId++)
        {
            var scene = renderer.Single(classId, classId);
            Assert.Equal([classId], scene.Objects);
            Assert.All(scene.Classes.Labels, label => Assert.True(label == 0 || label == classId));
            Assert.Equal(scene.Classes.Labels.Select(label => label != 0), scene.Instances.Labels.Select(label => label == 1));
            Assert.False(TouchesBorder(scene.Classes), $"class {classId} is cut off");
            shares.Add(scene.Classes.Labels.Count(label => label != 0) / (double)scene.Classes.Labels.Length);
        }

        Assert.All(shares, share => Assert.InRange(share, 0.04, 0.45));
        Assert.InRange(shares.Average(), 0.15, 0.35);
    }

    [Fact]
    public void The_mask_is_exactly_where_the_object_changed_the_picture()
    {
        // Inside the mask (away from its outline) the object is opaque: painting the same object over another backdrop gives the same
        // color up to the final brightness, which is what the interior of a single-colored region shows here.
        var scene = new SceneRenderer(MiniArt.Require(), 2, heldOut: false).Single(0, 18);
        var inside = Enumerable.Range(0, scene.Classes.Labels.Length).Where(i => scene.Classes.Labels[i] == 18).ToArray();
        Assert.True(inside.Length > 1000);
        var left = inside.Min(i => i % SceneRenderer.Side);
        var right = inside.Max(i => i % SceneRenderer.Side);
        Assert.All(inside, i => Assert.InRange(i % SceneRenderer.Side, left, right));
        var filled =
            inside.Length
            / (double)((right - left + 1) * (inside.Max(i => i / SceneRenderer.Side) - inside.Min(i => i / SceneRenderer.Side) + 1));
        Assert.InRange(filled, 0.6, 1);
    }

    [Fact]
    public void Multiple_scenes_label_every_visible_object_once()
    {
        var renderer = new SceneRenderer(MiniArt.Require(), 1, heldOut: true);
        var counts = new HashSet<int>();
        for (var index = 0; index < 30; index++)
        {
            var scene = renderer.Multiple(index, 1 + (index % 20));
            counts.Add(scene.Objects.Count);
            Assert.InRange(scene.Objects.Count, 1, 3);
            for (var i = 0; i < scene.Classes.Labels.Length; i++)
            {
                var instance = scene.Instances.Labels[i];
                Assert.Equal(instance == 0 ? 0 : scene.Objects[instance - 1], scene.Classes.Labels[i]);
            }

            for (var instance = 1; instance <= scene.Objects.Count; instance++) Assert.Contains((byte)instance, scene.Instances.Labels);
        }

        Assert.Equal([1, 2, 3], counts.Order());
    }

    [Fact]
    public void Training_and_held_out_art_never_mix_and_every_class_has_both()
    {
        var art = MiniArt.Require();
        for (var classId = 1; classId <= 20; classId++)
        {
            var (training, heldOut) = (art.OfClass(classId, heldOut: false), art.OfClass(classId, heldOut: true));
            Assert.NotEmpty(heldOut);
            Assert.True(training.Count + heldOut.Count >= 6, $"class {classId} has {training.Count + heldOut.Count} images");
            Assert.InRange(heldOut.Count / (double)(training.Count + heldOut.Count), 0.04, 0.34);
            Assert.Empty(training.Select(sprite => sprite.Name).Intersect(heldOut.Select(sprite => sprite.Name)));
        }
    }

    private static bool TouchesBorder(LabelMap labels)
    {
        var side = labels.Width;
        return Enumerable
            .Range(0, side)
            .Any(i => labels[i, 0] != 0 || labels[i, side - 1] != 0 || labels[0, i] != 0 || labels[side - 1, i] != 0);
    }
}
