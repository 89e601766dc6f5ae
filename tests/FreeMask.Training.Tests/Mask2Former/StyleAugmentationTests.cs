using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Mask2Former;
using Xunit;

namespace FreeMask.Training.Tests.Mask2Former;

/// <summary>The style of an image changes; its shapes and its label map stay.</summary>
public sealed class StyleAugmentationTests
{
    private const int Side = 24, Middle = Side / 2;

    // Far enough from the border between the two colors that no filter mixes them.
    private static readonly int[] Inside = [2, 3, 4, 5];

    [Fact]
    public void The_same_key_gives_the_same_image() =>
        Assert.Equal(Restyle(7).Pixels, Restyle(7).Pixels);

    [Fact]
    public void Each_class_gets_colors_of_its_own()
    {
        var changes = Enumerable.Range(0, 40).Select(position =>
        {
            var image = Restyle(position);
            return (Background: image[2, 2].ToArray(), Object: image[Side - 3, 2].ToArray());
        });

        // Both are drawn in one color, which would stay one color if the whole image were recolored.
        Assert.InRange(changes.Count(change => !change.Background.SequenceEqual(change.Object)), 30, 40);
    }

    [Fact]
    public void What_had_one_color_has_one_color_and_borders_stay_where_they_are()
    {
        for (var position = 0; position < 40; position++)
        {
            var image = Restyle(position);
            foreach (var y in Inside)
                foreach (var x in Inside)
                {
                    Assert.Equal(image[2, 2].ToArray(), image[x, y].ToArray());
                    Assert.Equal(image[Side - 3, 2].ToArray(), image[Side - 1 - x, y].ToArray());
                }
        }
    }

    [Fact]
    public void Colors_that_do_not_change_are_exact_to_a_step()
    {
        var same = new StyleColors(Turn: 0, Saturation: 1, Gamma: 1, Contrast: 1, Brightness: 0);
        Span<byte> target = stackalloc byte[3];
        for (var red = 0; red <= 255; red += 51)
            for (var green = 0; green <= 255; green += 51)
                for (var blue = 0; blue <= 255; blue += 51)
                {
                    same.Apply([(byte)red, (byte)green, (byte)blue], target);
                    Assert.InRange(Math.Abs(target[0] - red) + Math.Abs(target[1] - green) + Math.Abs(target[2] - blue), 0, 3);
                }
    }

    [Fact]
    public void Without_saturation_a_color_is_grey()
    {
        Span<byte> target = stackalloc byte[3];
        new StyleColors(Turn: 1, Saturation: 0, Gamma: 1, Contrast: 1, Brightness: 0).Apply([200, 40, 90], target);

        // NTSC's weights of the channels.
        Assert.Equal([94, 94, 94], target.ToArray());
    }

    /// <summary>An image of one color whose right half is an object.</summary>
    private static RgbImage Restyle(int position)
    {
        var (image, labels) = (new RgbImage(Side, Side), new LabelMap(Side, Side));
        for (var y = 0; y < Side; y++)
            for (var x = 0; x < Side; x++)
            {
                ((byte[])[180, 90, 60]).CopyTo(image[x, y]);
                labels[x, y] = (byte)(x < Middle ? 0 : 3);
            }

        return StyleAugmentation.Apply(new LabeledImage("one", image, labels), new CounterRandom(1, position, 0, "segmenter-style"));
    }
}
