using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Imaging;
using FreeMask.Pipeline;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Silo.Tests.Pipeline;

public sealed class RealImagesTests : IDisposable
{
    private const int Images = 4;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("freemask-real-");

    public RealImagesTests()
    {
        foreach (var part in new[] { "JPEGImages", "SegmentationClass" }) _folder.CreateSubdirectory(part);
        for (var i = 0; i < Images; i++) Write($"{i}", 8);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Without_a_share_every_real_image_is_there_once()
    {
        var real = RealImages.Open(Spec(null))!;

        Assert.False(real.IsAlone);
        Assert.Equal([0, 1, 2, 3], real.Choose(100));
        var mixed = MixedSamples.Of(Samples(2), real);
        Assert.Equal(["s0", "s1", "real/0", "real/1", "real/2", "real/3"], Enumerable.Range(0, mixed.Count).Select(mixed.IdOf));
        Assert.Equal(8, mixed.Load(5).Labels.Labels[0]);
        Assert.Equal(1, mixed.Load(0).Labels.Labels[0]);
    }

    [Theory]
    [InlineData(0.5, 10, 10)]
    [InlineData(0.25, 9, 3)]
    [InlineData(0.1, 9, 1)]
    [InlineData(0.001, 9, 1)]
    [InlineData(0.75, 4, 12)]
    public void A_share_is_that_of_all_images_and_repeats_real_ones_evenly(double share, int samples, int expected)
    {
        var chosen = RealImages.Open(Spec(share))!.Choose(samples);

        Assert.Equal(expected, chosen.Count);
        Assert.All(chosen, i => Assert.InRange(i, 0, Images - 1));
        var counts = Enumerable.Range(0, Images).Select(i => chosen.Count(c => c == i)).ToList();
        Assert.InRange(counts.Max() - counts.Min(), 0, 1);
        Assert.Equal(chosen, RealImages.Open(Spec(share))!.Choose(samples));
    }

    [Fact]
    public void A_share_of_one_leaves_the_samples_out()
    {
        var real = RealImages.Open(Spec(1))!;
        Assert.True(real.IsAlone);
        Assert.Equal(Images, real.Choose(0).Count);
    }

    [Fact]
    public void Images_that_changed_since_the_start_are_refused()
    {
        var spec = Spec(null);
        Write("3", 9);
        var changed = Assert.Throws<SiloLacksDataException>(() => RealImages.Open(spec));
        Assert.Contains("is another one than the run's", changed.Message, StringComparison.Ordinal);
        Directory.Delete(Path.Combine(_folder.FullName, "JPEGImages"), recursive: true);
        var gone = Assert.Throws<SiloLacksDataException>(() => RealImages.Open(spec));
        Assert.Contains("training.real", gone.Message, StringComparison.Ordinal);
    }

    private static List<LabeledImage> Samples(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new LabeledImage($"s{i}", new RgbImage(8, 8), new LabelMap(8, 8, Of(1))))];

    private static byte[] Of(byte label) => [.. Enumerable.Repeat(label, 64)];

    private RunSpec Spec(double? share) =>
        new()
        {
            Name = "a",
            Classes = ["sheep"],
            Training = new TrainingSpec
            {
                Real = _folder.FullName,
                RealShare = share,
                RealHash = EvaluationProtocol
                    .Of(EvaluationProtocol.All, LabelSet.Voc, ["sheep"])
                    .OpenReal(_folder.FullName, null, [])
                    .Hash(),
            },
        };

    private void Write(string name, byte label)
    {
        File.WriteAllBytes(Path.Combine(_folder.FullName, "JPEGImages", name + ".png"), ImageCodec.EncodePng(new RgbImage(8, 8)));
        File.WriteAllBytes(
            Path.Combine(_folder.FullName, "SegmentationClass", name + ".png"),
            IndexedPng.EncodeGrey(new LabelMap(8, 8, Of(label)))
        );
    }
}
