using FreeMask.Imaging;
using FreeMask.Vision.Masking;
using Xunit;

namespace FreeMask.Vision.Tests.Masking;

public sealed class MaskStageTests
{
    // A reddish disc on a green ground with mild texture, and what attention would know of it: a blurred 16 x 16 map.
    private static (RgbImage Image, FloatMap Coarse, byte[] Truth) Disc(int size = 128, double radius = 0.28)
    {
        var image = new RgbImage(size, size);
        var truth = new byte[size * size];
        var noise = ImageCodecTexture(size);
        var soft = new FloatMap(size, size);
        for (var y = 0; y < size; y++)
            for (var x = 0; x < size; x++)
            {
                var inside = Math.Pow(x - (size * 0.55), 2) + Math.Pow(y - (size * 0.5), 2) < Math.Pow(radius * size, 2);
                var pixel = image[x, y];
                var texture = noise[(y * size) + x] % 24;
                if (inside) (pixel[0], pixel[1], pixel[2]) = ((byte)(190 + texture), (byte)(60 + texture), 50);
                else (pixel[0], pixel[1], pixel[2]) = ((byte)(60 + texture), (byte)(140 + texture), 70);
                truth[(y * size) + x] = inside ? (byte)1 : (byte)0;
                soft[x, y] = inside ? 1 : 0.1f;
            }

        return (image, Resampling.Resize(soft, 16, 16, ResamplingFilter.Area), truth);
    }

    private static byte[] ImageCodecTexture(int size) => Imaging.ImageCodecTests.Noise(size, size).Pixels;

    [Theory]
    [InlineData(nameof(MaskRefinementMethod.None), 0, nameof(MaskThreshold.Otsu), 0.85)]
    [InlineData(nameof(MaskRefinementMethod.GuidedFilter), 0, nameof(MaskThreshold.Otsu), 0.93)]
    [InlineData(nameof(MaskRefinementMethod.Pamr), 0, nameof(MaskThreshold.Otsu), 0.93)]
    [InlineData(nameof(MaskRefinementMethod.DenseCrf), 0, nameof(MaskThreshold.Otsu), 0.95)]
    [InlineData(nameof(MaskRefinementMethod.None), 1, nameof(MaskThreshold.Otsu), 0.95)]
    [InlineData(nameof(MaskRefinementMethod.Pamr), 1, nameof(MaskThreshold.Otsu), 0.97)]
    [InlineData(nameof(MaskRefinementMethod.Pamr), 1, nameof(MaskThreshold.Adaptive), 0.97)]
    [InlineData(nameof(MaskRefinementMethod.DenseCrf), 1, nameof(MaskThreshold.Fixed), 0.97)]
    public void The_mask_follows_the_object(string refinement, double colorWeight, string threshold, double expected)
    {
        var (image, coarse, truth) = Disc();
        var result = MaskStage.Run(
            image,
            coarse,
            8,
            new MaskOptions
            {
                Refinement = Enum.Parse<MaskRefinementMethod>(refinement),
                ColorWeight = colorWeight,
                Threshold = Enum.Parse<MaskThreshold>(threshold),
            }
        );
        Assert.Null(result.Rejection);
        var iou = Iou(result.Labels, 8, truth);
        Assert.True(iou >= expected, $"IoU {iou:0.000}");
        Assert.InRange(result.Threshold, 0.1f, 0.9f);
        Assert.InRange(result.Confidence, 0.5f, 1f);
        Assert.All(result.Labels.Labels, v => Assert.True(v is 0 or 8 or LabelMap.Ignore));
        Assert.All(result.Probability.Values, v => Assert.InRange(v, -0.01f, 1.01f));
    }

    [Fact]
    public void The_band_lies_on_the_outline_and_is_narrow()
    {
        var (image, coarse, _) = Disc();
        var labels = MaskStage.Run(image, coarse, 8, new MaskOptions { Refinement = MaskRefinementMethod.None, ColorWeight = 0 }).Labels;
        var mask = Array.ConvertAll(labels.Labels, v => v == 8 ? (byte)1 : (byte)0);
        var near = Regions.Dilate(mask, 128, 3);
        var band = labels.Labels.Count(v => v == LabelMap.Ignore);
        Assert.InRange(band, 100, 600);
        for (var i = 0; i < mask.Length; i++) Assert.True(labels.Labels[i] != LabelMap.Ignore || near[i] == 1);
    }

    [Fact]
    public void It_is_deterministic()
    {
        var (image, coarse, _) = Disc();
        var (first, second) = (MaskStage.Run(image, coarse, 3), MaskStage.Run(image, coarse, 3));
        Assert.Equal(first.Labels.Labels, second.Labels.Labels);
        Assert.Equal(first.Confidence, second.Confidence);
    }

    [Fact]
    public void A_flat_map_is_refused() =>
        Assert.Equal(MaskRejectionKind.Flat, MaskStage.Run(new RgbImage(32, 32), new FloatMap(8, 8), 1).Rejection!.Kind);

    [Fact]
    public void A_speck_is_refused()
    {
        var (image, coarse, _) = Disc(radius: 0.05);
        Assert.Equal(MaskRejectionKind.TooSmall, MaskStage.Run(image, coarse, 1).Rejection!.Kind);
    }

    [Fact]
    public void A_frame_is_refused_for_its_border()
    {
        var coarse = new FloatMap(16, 16);
        for (var i = 0; i < 256; i++) coarse.Values[i] = i % 16 is > 3 and < 12 && i / 16 is > 3 and < 12 ? 0 : 1;
        var result = MaskStage.Run(
            new RgbImage(64, 64),
            coarse,
            1,
            new MaskOptions { Refinement = MaskRefinementMethod.None, ColorWeight = 0 }
        );
        Assert.Equal(MaskRejectionKind.AlongBorder, result.Rejection!.Kind);
        Assert.Equal(1, result.Rejection.Measured);
        Assert.Equal("the object runs along the border (1, limit 0.4)", result.Rejection.ToString());
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(20, false)]
    public void A_mask_that_spreads_over_the_ground_is_refused(int margin, bool isRefused)
    {
        const int Side = 64;
        var coarse = new FloatMap(Side, Side);
        for (var y = Side / 2; y < Side; y++)
            for (var x = margin; x < Side - margin; x++)
                coarse.Values[(y * Side) + x] = 1;
        var options = new MaskOptions { Refinement = MaskRefinementMethod.None, ColorWeight = 0 };
        var rejection = MaskStage.Run(new RgbImage(Side, Side), coarse, 1, options).Rejection;
        Assert.Equal(isRefused ? MaskRejectionKind.AlongBorder : null, rejection?.Kind);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    public void Background_and_void_are_not_objects(byte classId) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => MaskStage.Run(new RgbImage(8, 8), new FloatMap(2, 2), classId));

    private static double Iou(LabelMap labels, byte classId, byte[] truth)
    {
        int both = 0, either = 0;
        for (var i = 0; i < truth.Length; i++)
        {
            if (labels.Labels[i] == LabelMap.Ignore) continue;
            var (a, b) = (labels.Labels[i] == classId, truth[i] != 0);
            if (a && b) both++;
            if (a || b) either++;
        }

        return (double)both / either;
    }
}
