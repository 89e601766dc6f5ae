using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Mask2Former;
using Xunit;

namespace FreeMask.Training.Tests.Mask2Former;

public sealed class ReferenceAugmentationTests
{
    [Theory]
    [InlineData(640, 480, 256, 2048, 341, 256)]
    [InlineData(480, 640, 256, 2048, 256, 341)]
    [InlineData(2000, 100, 256, 1000, 1000, 50)]
    public void The_shorter_side_gets_its_length_within_the_limit_of_the_longer(
        int width,
        int height,
        int shortest,
        int longest,
        int newWidth,
        int newHeight
    ) => Assert.Equal((newWidth, newHeight), ReferenceAugmentation.Scaled(width, height, shortest, longest));

    [Fact]
    public void Labels_stay_with_their_pixels_and_what_is_missing_is_unknown()
    {
        // Left half black and class 1, right half white and class 2: contrast and brightness never make one the other.
        var sample = new LabeledImage("halves", new RgbImage(80, 40), new LabelMap(80, 40));
        for (var y = 0; y < 40; y++)
            for (var x = 0; x < 80; x++)
            {
                sample.Labels[x, y] = (byte)(x < 40 ? 1 : 2);
                sample.Image[x, y].Fill((byte)(x < 40 ? 0 : 255));
            }

        var (padded, mirrored) = (0, 0);
        for (var index = 0; index < 40; index++)
        {
            var (image, labels) = ReferenceAugmentation.Apply(sample, 64, new CounterRandom(3, index, 0, "test"));
            var wrong = 0;
            for (var i = 0; i < labels.Labels.Length; i++)
            {
                var value = image.Pixels[3 * i];
                if (labels.Labels[i] == LabelMap.Ignore) padded++;
                else if (labels.Labels[i] == 1 ? value > 100 : value < 100) wrong++;
                if (labels.Labels[i] == LabelMap.Ignore) Assert.Equal(128, value);
            }

            // Only pixels across the edge may be mixed.
            Assert.True(wrong <= 3 * 64, $"{index}: {wrong}");
            if (labels[0, 0] == 2) mirrored++;
        }

        Assert.True(padded > 0);
        Assert.InRange(mirrored, 5, 35);
    }

    [Fact]
    public void A_jitter_that_does_nothing_changes_nothing_and_a_turn_of_hue_turns_the_colors()
    {
        Span<byte> target = stackalloc byte[3];
        new ColorJitter(0, 1, 1, 0, true).Apply([12, 200, 77], target);
        Assert.Equal([12, 200, 77], target.ToArray());
        new ColorJitter(0, 1, 1, 120, true).Apply([200, 0, 0], target);
        Assert.Equal([0, 200, 0], target.ToArray());
        new ColorJitter(0, 1, 0, 0, false).Apply([10, 20, 200], target);
        Assert.Equal([200, 200, 200], target.ToArray());
        new ColorJitter(32, 1.5f, 1, 0, false).Apply([0, 100, 250], target);
        Assert.Equal([48, 198, 255], target.ToArray());
    }
}
