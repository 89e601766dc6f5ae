using CsCheck;
using FreeMask.Imaging;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Vision.Tests.Placement;

public sealed class LayerPainterTests
{
    private const int Side = 64;
    private const byte Chair = 9, Dog = 12;

    [Fact]
    public void An_object_pasted_behind_leaves_the_nearer_objects_labels_whole()
    {
        var chair = new PixelBox(24, 8, 32, 54);
        var (labels, instances) = (new LabelMap(Side, Side), new LabelMap(Side, Side));
        Fill(labels, chair, Chair);
        Fill(instances, chair, 1);
        var (_, classes, painted, _) = Paint(labels, instances, [Own(chair, Chair, 1), Pasted(new PixelBox(12, 20, 40, 30), Dog, 2)]);
        for (var y = chair.Y; y < chair.Bottom; y++)
        {
            for (var x = chair.X; x < chair.Right; x++)
            {
                Assert.Equal(Chair, classes[x, y]);
                Assert.Equal(1, painted[x, y]);
            }
        }

        Assert.Equal(Dog, classes[15, 30]);
        Assert.Equal(LabelMap.Ignore, classes[11, 30]);
    }

    /// <summary>The painter's algorithm, from the front: the nearest layer that has something to say of a pixel decides.</summary>
    [Fact]
    public void Labels_are_those_of_the_nearest_layer() =>
        Gen.Select(Gen.Int[1, 56], Gen.Int[1, 56], Gen.Int[3, 40], Gen.Int[3, 40], Gen.Bool).Array[1, 6].Sample(
            boxes =>
            {
                var (labels, instances) = (new LabelMap(Side, Side), new LabelMap(Side, Side));
                var layers = new List<Layer>();
                foreach (var (x, y, width, height, wantsOwn) in boxes)
                {
                    var box = Inside(new PixelBox(x, y, width, height));
                    var number = (byte)(layers.Count + 1);
                    // The objects of an image do not hide each other.
                    var own = wantsOwn && !layers.Any(l => l.IsOwn && Overlap(l, box));
                    if (own)
                    {
                        Fill(labels, box, Chair);
                        Fill(instances, box, number);
                    }

                    layers.Add(own ? Own(box, Chair, number) : Pasted(box, Dog, number));
                }

                var (_, classes, painted, _) = Paint(labels, instances, layers);
                var frontToBack = Layer.Sort(layers).AsEnumerable().Reverse().ToList();
                for (var y = 0; y < Side; y++)
                {
                    for (var x = 0; x < Side; x++)
                    {
                        var (label, instance) = frontToBack.Select(l => Claim(l, x, y)).FirstOrDefault(c => c is not null) ?? (0, 0);
                        Assert.Equal((label, instance), (classes[x, y], painted[x, y]));
                    }
                }
            },
            iter: 300
        );

    /// <summary>Soft edges of several objects over one pixel, of which each alone leaves it to the object behind.</summary>
    [Fact]
    public void A_labeled_pixel_has_three_quarters_of_its_color_from_its_object() =>
        Gen.Select(Gen.Int[1, 56], Gen.Int[1, 56], Gen.Int[6, 40], Gen.Int[6, 40]).Array[2, 8].Sample(
            boxes =>
            {
                var layers = boxes
                    .Select((b, i) => (Box: new PixelBox(b.Item1, b.Item2, b.Item3, b.Item4), Number: (byte)(i + 1)))
                    .Select(b => Make(Inside(b.Box), Dog, b.Number, isOwn: false, soft: true))
                    .ToList();
                var (_, _, painted, pasted) = Paint(new LabelMap(Side, Side), new LabelMap(Side, Side), layers);
                var backToFront = Layer.Sort(layers);
                for (var i = 0; i < Side * Side; i++)
                {
                    var (x, y) = (i % Side, i / Side);
                    var instance = painted.Labels[i];
                    if (instance == LabelMap.Ignore) continue;
                    // Instance 0 is the background, of which every object leaves a share.
                    var share = instance == 0 ? 1 : layers[instance - 1].AlphaAt(x, y);
                    foreach (var front in backToFront.Skip(1 + backToFront.FindIndex(l => l.Instance == instance)))
                        share *= 1 - front.AlphaAt(x, y);
                    Assert.InRange(share, 0.7499f, 1);
                    if (instance == 0) Assert.InRange(pasted.Labels[i], 0, 64);
                }
            },
            iter: 300
        );

    private static PixelBox Inside(PixelBox box)
    {
        var (left, top) = (Math.Max(1, box.X), Math.Max(1, box.Y));
        return new PixelBox(left, top, Math.Min(box.Right, Side - 1) - left, Math.Min(box.Bottom, Side - 1) - top);
    }

    private static (byte, byte)? Claim(Layer layer, int x, int y)
    {
        if (layer.AlphaAt(x, y) == 1) return (layer.ClassId, layer.Instance);
        var isRing = !layer.IsOwn && new[] { (-1, 0), (1, 0), (0, -1), (0, 1) }.Any(d => layer.AlphaAt(x + d.Item1, y + d.Item2) == 1);
        return isRing ? (LabelMap.Ignore, LabelMap.Ignore) : null;
    }

    private static bool Overlap(Layer layer, PixelBox box) =>
        layer.X < box.Right && box.X < layer.X + layer.Sprite.Width && layer.Y < box.Bottom && box.Y < layer.Y + layer.Sprite.Height;

    private static (RgbImage, LabelMap Classes, LabelMap Instances, LabelMap) Paint(
        LabelMap labels,
        LabelMap instances,
        IReadOnlyList<Layer> layers
    ) => new LayerPainter(new RgbImage(Side, Side), labels, instances).Paint(Layer.Sort(layers));

    private static Layer Own(PixelBox box, byte classId, byte instance) => Make(box, classId, instance, isOwn: true);

    private static Layer Pasted(PixelBox box, byte classId, byte instance) => Make(box, classId, instance, isOwn: false);

    /// <summary>A filled rectangle with a hard edge, or enlarged and with an undecided border, which give it a soft one.</summary>
    private static Layer Make(PixelBox box, byte classId, byte instance, bool isOwn, bool soft = false)
    {
        var labels = new LabelMap(Side, Side);
        var (rim, scale) = soft ? (3, 1.7) : (0, 1);
        Fill(labels, Inside(new PixelBox(box.X - rim, box.Y - rim, box.Width + (2 * rim), box.Height + (2 * rim))), LabelMap.Ignore);
        Fill(labels, box, classId);
        var cutout = Cutout.Largest(new RgbImage(Side, Side), labels, classId)!;
        var sprite = isOwn
            ? Sprite.Outline(cutout, cutout.Width, cutout.Height)
            : Sprite.Render(cutout, (int)(scale * cutout.Width), (int)(scale * cutout.Height));
        return new Layer(sprite, cutout.Source.X, cutout.Source.Y, classId, instance, instance, isOwn);
    }

    private static void Fill(LabelMap map, PixelBox box, byte value)
    {
        for (var y = box.Y; y < box.Bottom; y++)
            for (var x = box.X; x < box.Right; x++) map[x, y] = value;
    }
}
