using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Harmonization;
using FreeMask.Vision.Tests.Harmonization;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class HarmonizationEvaluationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Measured with another implementation (CIELAB in floating point, statistics of the whole background).
    [Theory]
    [InlineData("1", 2664.7, 70.7, 28.8, 4.0)]
    [InlineData("3", 488.7, 171.4, 220.9, 18.3)]
    public void Simple_transfers_of_real_pairs_are_those_that_are_published(
        string name,
        double composite,
        double shift,
        double reinhard,
        double oracle
    )
    {
        var pair = HarmonizationPairs.Read(Fixtures.Data("harmonization")).Single(p => p.Name == name);
        var results = HarmonizationEvaluation.Run([pair], null, 1).ToDictionary(r => r.Method, r => r.Mse.Mean);
        Assert.Equal(composite, results[HarmonizationEvaluation.Composite], 0.1);
        // Colors that leave the gamut are clipped otherwise there.
        Assert.Equal(shift, results[HarmonizationEvaluation.MeanShift], 0.15 * shift);
        Assert.Equal(reinhard, results[HarmonizationEvaluation.Reinhard], 0.03 * reinhard);
        Assert.Equal(oracle, results[HarmonizationEvaluation.Oracle], 0.5);
    }

    [Fact]
    public void Pairs_follow_from_images_and_seed_and_each_kind_has_its_share()
    {
        WriteImages(7);
        var images = ObjectImages.Open(_folder.Path);
        List<HarmonizationPair> Make(ulong seed, int count) => [.. HarmonizationPairs.Make(images, count, seed)];
        var (first, again, other) = (Make(1, 7), Make(1, 7), Make(2, 7));
        Assert.Equal(first.Select(p => p.Composite.Pixels), again.Select(p => p.Composite.Pixels));
        Assert.NotEqual(first.Select(p => p.Composite.Pixels), other.Select(p => p.Composite.Pixels));
        Assert.Equal(7, first.Select(p => p.Name).Distinct().Count());
        Assert.Equal(["shift", "reference", "exposure", "shift"], first.Take(4).Select(p => p.Group));
        Assert.All(first, pair => Assert.Equal((256, 256), (pair.Truth.Width, pair.Truth.Height)));
        Assert.Contains("--pairs", Assert.Throws<FreeMaskException>(() => Make(1, 8)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_stands_beside_the_baselines_and_a_true_image_is_not_made_worse_by_the_oracle()
    {
        WriteImages(6);
        new HarmonizerConfig().Save(_folder["model"], HarmonizerGraphs.Constant([0, 0, 0, 0, 0, 0, -8, -8, -8, -8, -8, -8]));
        using var model = HarmonizerModel.Load(_folder["model"]);
        var results = HarmonizationEvaluation.Run(HarmonizationPairs.Make(ObjectImages.Open(_folder.Path), 6, 1), model, 1);
        Assert.Equal([null, "shift", "reference", "exposure"], results.Select(r => r.Group).Distinct());
        var all = results.Where(r => r.Group is null).ToDictionary(r => r.Method);
        Assert.Equal(7, all.Count);
        // A model that predicts no change is the composite.
        Assert.Equal(all[HarmonizationEvaluation.Composite].Mse, all[HarmonizationEvaluation.Model].Mse);
        Assert.Equal(0, all[HarmonizationEvaluation.Model].Worse);
        Assert.True(all[HarmonizationEvaluation.Oracle].Mse.Mean < 0.2 * all[HarmonizationEvaluation.Composite].Mse.Mean);
        Assert.True(all[HarmonizationEvaluation.Oracle].Ssim.Mean > all[HarmonizationEvaluation.Composite].Ssim.Mean);
        Assert.InRange(all[HarmonizationEvaluation.Rule].Mse.Interval.Low, 0, all[HarmonizationEvaluation.Rule].Mse.Mean);
    }

    [Fact]
    public void Regions_of_a_class_are_objects_largest_first_and_specks_are_none()
    {
        Directory.CreateDirectory(_folder["JPEGImages"]);
        Directory.CreateDirectory(_folder["SegmentationClass"]);
        var labels = new LabelMap(100, 100);
        void Box(int x0, int y0, int side, byte value)
        {
            for (var y = y0; y < y0 + side; y++)
                for (var x = x0; x < x0 + side; x++) labels[x, y] = value;
        }

        Box(5, 5, 12, 8);
        Box(40, 40, 30, 8);
        Box(80, 80, 15, 12);
        Box(2, 90, 3, 12);
        IndexedPng.Save(labels, _folder["SegmentationClass", "a.png"]);
        File.WriteAllBytes(_folder["JPEGImages", "a.png"], ImageCodec.EncodePng(new RgbImage(100, 100)));
        var item = ObjectImages.Open(_folder.Path).Load(0);
        Assert.Equal([900, 225, 144], item.Objects.Select(mask => mask.Labels.Count(l => l == 255)));
        Assert.Equal(255, item.Objects[0][45, 45]);
    }

    [Fact]
    public void Sharpness_is_measured_on_images_that_were_softened()
    {
        var result = SharpnessEvaluation.Run(ObjectImages.Open(Fixtures.Data("coco-voc")), 6, 1)!;
        Assert.Equal(6, result.Pairs);
        Assert.True(result.CompositeRatio > result.TrueRatio);
        Assert.True(Math.Abs(result.MatchedRatio - 1) < Math.Abs(result.CompositeRatio - 1));
    }

    private void WriteImages(int count)
    {
        Directory.CreateDirectory(_folder["images"]);
        Directory.CreateDirectory(_folder["masks"]);
        for (var n = 0; n < count; n++)
        {
            var random = new CounterRandom((ulong)n, "image");
            var (image, mask) = (new RgbImage(64, 48), new RgbImage(64, 48));
            for (var i = 0; i < 64 * 48; i++)
            {
                var inside = i % 64 is > 16 and < 44 && i / 64 is > 12 and < 36;
                for (var c = 0; c < 3; c++)
                {
                    image.Pixels[(3 * i) + c] = (byte)((inside ? 90 + (10 * n) : 150) + (8 * c) + random.NextInt(30));
                    mask.Pixels[(3 * i) + c] = inside ? (byte)255 : (byte)0;
                }
            }

            File.WriteAllBytes(_folder["images", $"{n}.png"], ImageCodec.EncodePng(image));
            File.WriteAllBytes(_folder["masks", $"{n}.png"], ImageCodec.EncodePng(mask));
        }
    }
}
