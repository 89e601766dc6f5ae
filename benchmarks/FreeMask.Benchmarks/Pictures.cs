using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Benchmarks;

/// <summary>What is measured on: coarse noise enlarged and grained, and label maps of blobs. The same every time.</summary>
internal static class Pictures
{
    internal static RgbImage Photo(int width, int height)
    {
        var random = new CounterRandom(1, "benchmark-photo");
        var coarse = new RgbImage(Math.Max(2, width / 40), Math.Max(2, height / 40));
        for (var i = 0; i < coarse.Pixels.Length; i++) coarse.Pixels[i] = (byte)random.NextInt(256);
        var image = Resampling.Resize(coarse, width, height, ResamplingFilter.Bicubic);
        for (var i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)Math.Clamp(image.Pixels[i] + random.NextInt(9) - 4, 0, 255);
        return image;
    }

    internal static LabelMap Labels(int width, int height, int classes, int seed)
    {
        var random = new CounterRandom((ulong)seed, "benchmark-labels");
        var coarse = new LabelMap(Math.Max(2, width / 50), Math.Max(2, height / 50));
        for (var i = 0; i < coarse.Labels.Length; i++) coarse.Labels[i] = (byte)(random.NextInt(3) == 0 ? random.NextInt(classes) : 0);
        var labels = Resampling.Resize(coarse, width, height);
        // Ragged edges, and some void.
        for (var i = 1; i < labels.Labels.Length; i++)
            if (random.NextInt(20) == 0) labels.Labels[i] = random.NextInt(4) == 0 ? LabelMap.Ignore : labels.Labels[i - 1];
        return labels;
    }
}
