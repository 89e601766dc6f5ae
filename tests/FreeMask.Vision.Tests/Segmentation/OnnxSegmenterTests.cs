using FreeMask.Imaging;
using FreeMask.Onnx.Proto;
using FreeMask.Vision.Segmentation;
using Google.Protobuf;
using Xunit;

namespace FreeMask.Vision.Tests.Segmentation;

public sealed class OnnxSegmenterTests
{
    [Theory]
    [InlineData("espnetv2-s2.0-voc-384")]
    [InlineData("espnetv2-s0.5-voc-256")]
    public void A_public_segmenter_gives_its_recorded_label_maps(string name)
    {
        var folder = Fixtures.Path("segmenters", name);
        using var segmenter = OnnxSegmenter.Load(folder, threads: 1);
        Assert.Equal(VocClasses.Names, segmenter.Card.Classes);
        var input = Directory.GetFiles(Path.Combine(folder, "maps"), "*.input.png").Order(StringComparer.Ordinal).First();
        var found = segmenter.Segment(ImageCodec.Load(input));
        var expected = ImageCodec.Load(input.Replace(".input.", ".raw.", StringComparison.Ordinal));
        var differing = found.Labels.Labels.Where((label, i) => label != expected.Pixels[3 * i]).Count();
        Assert.InRange(differing, 0, found.Labels.Labels.Length / 10_000);
        Assert.All(found.Confidence.Values, value => Assert.InRange(value, 1f / 21, 1f));
    }

    [Fact]
    public void A_batch_gives_what_single_pictures_give()
    {
        var folder = Fixtures.Path("segmenters", "espnetv2-s0.5-voc-256");
        using var segmenter = OnnxSegmenter.Load(folder, threads: 1);
        var images = Directory.GetFiles(Path.Combine(folder, "maps"), "*.input.png").Order(StringComparer.Ordinal).Take(2)
            .Select(path => Resampling.Resize(ImageCodec.Load(path), 120, 90, ResamplingFilter.Antialias)).ToArray();
        var together = segmenter.Segment(images, TestContext.Current.CancellationToken);
        for (var i = 0; i < images.Length; i++)
        {
            var alone = segmenter.Segment(images[i]).Labels;
            Assert.Equal((120, 90), (alone.Width, alone.Height));
            Assert.InRange(alone.Labels.Zip(together[i].Labels.Labels).Count(pair => pair.First != pair.Second), 0, 3);
        }
    }

    [Fact]
    public void A_fixed_batch_is_filled_up_and_NaN_is_not_taken_for_background()
    {
        var folder = Fixtures.Path("segmenters", "espnetv2-s0.5-voc-256");
        using var free = OnnxSegmenter.Load(folder, threads: 1);
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(folder, "model.onnx")));
        model.Graph.Input.Single(i => i.Name == free.Card.InputName).Type.TensorType.Shape.Dim[0] = new TensorShapeProto.Types.Dimension
        {
            DimValue = 2,
        };
        using var two = new OnnxSegmenter(model.ToByteArray(), free.Card, threads: 1);
        var images = Directory
            .GetFiles(Path.Combine(folder, "maps"), "*.input.png")
            .Order(StringComparer.Ordinal)
            .Take(3)
            .Select(ImageCodec.Load)
            .ToArray();
        var (expected, actual) = (
            free.Segment(images, TestContext.Current.CancellationToken),
            two.Segment(images, TestContext.Current.CancellationToken)
        );
        Assert.Equal(images.Length, actual.Count);
        for (var i = 0; i < images.Length; i++)
            Assert.InRange(expected[i].Labels.Labels.Zip(actual[i].Labels.Labels).Count(pair => pair.First != pair.Second), 0, 3);

        foreach (var tensor in model.Graph.Initializer.Where(t => t.DataType == 1 && t.RawData.Length > 0))
            tensor.RawData = ByteString.CopyFrom([.. Enumerable.Repeat((byte)0xFF, tensor.RawData.Length)]);
        using var broken = new OnnxSegmenter(model.ToByteArray(), free.Card, threads: 1);
        Assert.Contains("NaN", Assert.Throws<FreeMaskException>(() => broken.Segment(images[0])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_survives_its_text()
    {
        var card = new SegmenterCard("m", "x", 64, 32, true, ImageNormalization.ImageNet, "y", SegmenterOutput.Scores, ["a", "b"]);
        var read = SegmenterCard.Parse(card.ToJson(), "card");
        Assert.Equal(card.ToJson(), read.ToJson());
        Assert.True(read.BlueFirst);
        Assert.Equal(SegmenterOutput.Scores, read.Output);
        var fault = Assert.Throws<FreeMaskException>(() => SegmenterCard.Parse("{\"name\": \"m\"}", "card.json"));
        Assert.Contains("input", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scores_are_resized_before_the_best_is_taken()
    {
        // Class 1 wins on the right; half-pixel centers put the border in the middle of the image.
        var found = ScoreMaps.Decide([0.9f, 0.1f, 0.1f, 0.9f], 2, 2, 1, 8, 1, SegmenterOutput.Scores);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1], found.Labels.Labels);
        Assert.Equal(0.9f, found.Confidence[0, 0]);
        Assert.Equal(0.6f, found.Confidence[4, 0], 1e-6f);
    }
}
