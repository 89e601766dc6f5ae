using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Mask2Former's augmentation for semantic segmentation (<c>mask_former_semantic_dataset_mapper.py</c> with <c>Base-ADE20K</c>'s settings):
/// resize, square crop, color jitter, mirror, padding.
/// </summary>
internal static class ReferenceAugmentation
{
    // The shorter side becomes 5 to 20 tenths of the crop's, the longer one at most four times the crop's.
    private const int SmallestTenths = 5, LargestTenths = 20, LongestFactor = 4;

    // What lies outside of the image: grey.
    private const byte Padding = 128;

    /// <summary>A square of the given side.</summary>
    internal static (RgbImage Image, LabelMap Labels) Apply(LabeledImage sample, int side, CounterRandom random)
    {
        var shortest = side * (SmallestTenths + random.NextInt(LargestTenths - SmallestTenths + 1)) / 10;
        var (width, height) = Scaled(sample.Image.Width, sample.Image.Height, shortest, LongestFactor * side);
        var image = Resampling.Resize(sample.Image, width, height, ResamplingFilter.Antialias);
        var labels = Resampling.Resize(sample.Labels, width, height);
        var (left, top) = (random.NextInt(Math.Max(0, width - side) + 1), random.NextInt(Math.Max(0, height - side) + 1));
        var color = ColorJitter.Draw(random);
        var mirror = random.NextInt(2) == 1;
        var (crop, truth) = (new RgbImage(side, side), new LabelMap(side, side));
        Array.Fill(crop.Pixels, Padding);
        Array.Fill(truth.Labels, LabelMap.Ignore);
        var (across, down) = (Math.Min(side, width), Math.Min(side, height));
        for (var y = 0; y < down; y++)
            for (var x = 0; x < across; x++)
            {
                var target = mirror ? across - 1 - x : x;
                truth[target, y] = labels[left + x, top + y];
                color.Apply(image[left + x, top + y], crop[target, y]);
            }

        return (crop, truth);
    }

    /// <summary>detectron2's <c>ResizeShortestEdge</c>.</summary>
    internal static (int Width, int Height) Scaled(int width, int height, int shortest, int longest)
    {
        var scale = (double)shortest / Math.Min(width, height);
        if (scale * Math.Max(width, height) > longest) scale = (double)longest / Math.Max(width, height);
        return (Math.Max(1, (int)((width * scale) + 0.5)), Math.Max(1, (int)((height * scale) + 0.5)));
    }
}
