using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Vision.Tests.Placement;

public sealed class PlacementCaseTests
{
    [Fact]
    public void A_gap_is_filled_from_its_surroundings_and_the_rest_stays()
    {
        var image = new RgbImage(60, 40);
        var hole = new byte[60 * 40];
        for (var i = 0; i < hole.Length; i++)
        {
            var (x, y) = (i % 60, i / 60);
            image.Pixels.AsSpan(3 * i, 3).Fill((byte)(60 + x));
            if (x is <= 20 or >= 34 || y is <= 10 or >= 26) continue;
            hole[i] = 1;
            image.Pixels.AsSpan(3 * i, 3).Fill(255);
        }

        var filled = ObjectRemoval.Fill(image, hole);
        for (var i = 0; i < hole.Length; i++)
            Assert.InRange(filled.Pixels[3 * i] - (60 + (i % 60)), hole[i] == 0 ? 0 : -9, hole[i] == 0 ? 0 : 9);
        Assert.Equal(image.Pixels, ObjectRemoval.Fill(image, new byte[hole.Length]).Pixels);
    }

    [Fact]
    public void The_object_is_gone_and_other_parts_are_filled_as_well()
    {
        var (image, mask) = (new RgbImage(80, 60), new LabelMap(80, 60));
        var random = new CounterRandom(1, "noise");
        for (var i = 0; i < mask.Labels.Length; i++)
        {
            var inside = i % 80 is >= 30 and < 42 && i / 80 is >= 25 and < 40;
            mask.Labels[i] = inside ? (byte)255 : (byte)0;
            for (var c = 0; c < 3; c++) image.Pixels[(3 * i) + c] = inside ? (byte)250 : (byte)(40 + random.NextInt(40));
        }

        var first = PlacementCase.Remove(image, mask, 1, new CounterRandom(1, "case"));
        Assert.Equal(first.Pixels, PlacementCase.Remove(image, mask, 1, new CounterRandom(1, "case")).Pixels);
        Assert.All(Enumerable.Range(0, mask.Labels.Length).Where(i => mask.Labels[i] != 0), i => Assert.True(first.Pixels[3 * i] < 90));
        var changed = Enumerable.Range(0, mask.Labels.Length).Count(i => first.Pixels[3 * i] != image.Pixels[3 * i]);
        Assert.True(changed > 1.3 * mask.Labels.Count(l => l != 0));
    }

    [Fact]
    public void Another_place_lies_inside_and_off_the_true_one()
    {
        var truth = new PixelBox(30, 25, 20, 15);
        var random = new CounterRandom(1, "places");
        for (var n = 0; n < 200; n++)
        {
            var place = PlacementCase.Elsewhere(truth, (15, 20), 80, 60, random)!.Value;
            Assert.True(PlacementCase.IsInside(place, 80, 60));
            Assert.InRange(place.IoU(truth), 0, PlacementCase.MostOverlap);
        }

        Assert.Null(PlacementCase.Elsewhere(truth, (61, 20), 80, 60, random));
        Assert.Equal(new PixelBox(35, 32, 10, 8), PlacementCase.Standing(truth, (8, 10)));
    }
}
