using System.Text.Json.Nodes;
using FreeMask.Imaging;
using FreeMask.Vision.Export;

namespace FreeMask.Vision.Tests.Export;

/// <summary>Small data sets: two overlapping blocks of classes 8 and 15, a void outline, differing sizes.</summary>
internal static class ExportData
{
    internal static ExportSample Sample(int i)
    {
        var (width, height) = (40 + (i % 3), 30);
        var labels = new LabelMap(width, height);
        var objects = new LabelMap(width, height);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                if (x is >= 4 and < 20 && y is >= 5 and < 25) (labels[x, y], objects[x, y]) = (8, 1);
                if (i % 2 == 0 && x is >= 14 and < 32 && y >= 10 + (i % 5)) (labels[x, y], objects[x, y]) = (15, 2);
                if (i % 2 == 0 && x is >= 36 && y < 6) (labels[x, y], objects[x, y]) = (15, 3);
                if (x is 3 or 4 && y is >= 5 and < 25) labels[x, y] = LabelMap.Ignore;
            }

        var image = Resampling.Resize(Imaging.ImageCodecTests.Noise(5, 5), width, height, ResamplingFilter.Bilinear);
        return ExportSample.Create(image, labels, objects, [8, 15, 15]);
    }

    internal static ExportSource Source(int count) =>
        new(
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i => new ExportItem($"sample_{i:0000}", i % 2 == 0 ? [8, 15] : [8])
                    {
                        Metadata = new JsonObject { ["prompt"] = $"a cat {i}", ["seed"] = i },
                    }),
            ],
            (item, _) => ValueTask.FromResult(Sample(int.Parse(item.Id[7..], System.Globalization.CultureInfo.InvariantCulture)))
        );
}
