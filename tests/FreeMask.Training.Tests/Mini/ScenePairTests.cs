using FreeMask.Training.Mini.Scenes;
using FreeMask.Vision;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Training.Tests.Mini;

public sealed class ScenePairTests
{
    [Fact]
    public void A_pair_depends_on_seed_and_index_alone()
    {
        var art = MiniArt.Require();
        var renderer = new SceneRenderer(art, 3, heldOut: false);
        renderer.Pair(7);
        var (first, again) = (renderer.Pair(5), new SceneRenderer(art, 3, heldOut: false).Pair(5));
        Assert.Equal(first.With.Image.Pixels, again.With.Image.Pixels);
        Assert.Equal(first.Without.Image.Pixels, again.Without.Image.Pixels);
        Assert.NotEqual(first.With.Image.Pixels, renderer.Pair(6).With.Image.Pixels);
        Assert.Equal(first.With.Image[0, 9].ToArray(), first.Mirrored().With.Image[SceneRenderer.Side - 1, 9].ToArray());
        Assert.Equal(first.Mask.Labels.Count(l => l != 0), first.Mirrored().Mask.Labels.Count(l => l != 0));
    }

    [Fact]
    public void Without_the_object_the_scene_has_the_same_pixels_but_for_the_object_and_its_shadow()
    {
        var renderer = new SceneRenderer(MiniArt.Require(), 1, heldOut: false);
        for (var i = 0; i < 40; i++)
        {
            var pair = renderer.Pair(i);
            var mask = pair.Mask;
            var box = PixelBox.Of(mask, label => label != 0);
            var changed = 0;
            for (var y = 0; y < SceneRenderer.Side; y++)
                for (var x = 0; x < SceneRenderer.Side; x++)
                {
                    var isChanged = !pair.With.Image[x, y].SequenceEqual(pair.Without.Image[x, y]);
                    if (mask[x, y] != 0 && isChanged) changed++;
                    // The shadow lies about the feet and is wider; soft edge, rotation and blur reach a few pixels further.
                    var isNear = x >= box.X - 3 && x <= box.Right + 2 && y >= box.Y - 3 && y <= box.Bottom + 2;
                    var isAtFeet = Math.Abs(y - box.Bottom) <= 4 + Math.Max(6, 0.2 * box.Height);
                    if (isChanged && !isNear) Assert.True(isAtFeet, $"scene {i}: ({x}, {y}) differs, the object is in {box}");
                    if (mask[x, y] == 0 && pair.Without.Classes[x, y] != 0)
                        Assert.Equal(pair.Without.Classes[x, y], pair.With.Classes[x, y]);
                }

            Assert.InRange(changed, 0.8 * mask.Labels.Count(label => label != 0), mask.Labels.Length);
            Assert.DoesNotContain(pair.Without.Instances.Labels, label => label > pair.Without.Objects.Count);
            Assert.Equal(pair.With.Objects.Count - 1, pair.Without.Objects.Count);
        }
    }

    [Fact]
    public void Objects_stand_on_what_carries_them_or_fly_and_sizes_suit_each_other()
    {
        var renderer = new SceneRenderer(MiniArt.Require(), 1, heldOut: false);
        var (kinds, flying) = (new HashSet<SceneKind>(), 0);
        for (var i = 0; i < 60; i++)
        {
            var pair = renderer.Pair(i);
            kinds.Add(pair.With.Kind);
            var classes = LabelSet.Voc;
            Assert.All(pair.With.Objects, id => Assert.True(SceneRules.Fits(pair.With.Kind.Word(), classes[id])));
            var box = PixelBox.Of(pair.Mask, label => label != 0);
            if (pair.Flies)
            {
                flying++;
                Assert.False(SceneRules.Stands(classes[pair.With.Objects[pair.Object]]));
                Assert.InRange(box.Bottom, 1, pair.Horizon + 3);
                continue;
            }

            Assert.InRange(box.Bottom, pair.Horizon, SceneRenderer.Side);
            var eye = PerspectivePlacements.EyeRow(pair.With.Kind, pair.Horizon);
            // Whole objects: nearer ones may hide a fifth of those behind them, which makes a box smaller by less than that.
            double Unit(PixelBox of, int id) => of.Height / (classes[id].Metres!.Value * (of.Bottom - eye));
            var others = Enumerable.Range(0, pair.Without.Objects.Count)
                .Where(n => SceneRules.Stands(classes[pair.Without.Objects[n]]))
                .Select(n => Unit(PixelBox.Of(pair.Without.Instances, label => label == n + 1), pair.Without.Objects[n]));
            Assert.Contains(
                others, unit => Math.Abs(Math.Log(Unit(box, pair.With.Objects[pair.Object]) / unit)) < Math.Log(1.6));
        }

        Assert.Equal(SceneKinds.Count, kinds.Count);
        Assert.InRange(flying, 5, 40);
    }
}
