using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Vision.Segmentation;
using Xunit;

namespace FreeMask.Vision.Tests.Segmentation;

public sealed class ForeignSegmenterTests
{
    private const string Model = "espnetv2-s0.5-voc-256";

    [Theory]
    [InlineData(Model)]
    [InlineData("espnetv2-s2.0-voc-384")]
    [InlineData("espnetv2-s2.0-city-1024x512")]
    public void Labels_of_a_trained_model_equal_the_reference(string model)
    {
        var folder = Fixtures.Path("segmenters", model);
        using var segmenter = OnnxSegmenter.Load(folder);
        var inputs = Directory.GetFiles(Path.Combine(folder, "maps"), "*.input.png").Order(StringComparer.Ordinal).ToArray();
        Assert.NotEmpty(inputs);
        var maps = segmenter.Segment([.. inputs.Select(ImageCodec.Load)], TestContext.Current.CancellationToken);
        for (var i = 0; i < inputs.Length; i++)
            Assert.Equal(Grey(inputs[i].Replace(".input.", ".raw.", StringComparison.Ordinal)), maps[i].Labels.Labels);
    }

    [Fact]
    public void A_photo_of_another_size_is_labeled_in_its_own_from_resized_scores()
    {
        var folder = Fixtures.Path("segmenters", Model);
        var path = Directory.EnumerateFiles(Fixtures.Data("coco-voc"), "000000000790.jpg", SearchOption.AllDirectories).FirstOrDefault();
        Assert.SkipWhen(path is null, "the photo is not among the sample data");
        var image = ImageCodec.Load(path!);
        using var segmenter = OnnxSegmenter.Load(folder);
        var map = segmenter.Segment(image).Labels;
        Assert.Equal((image.Width, image.Height), (map.Width, map.Height));

        // The fixture's README allows for another JPEG decoder and resize: 0.968 is the lowest image that it measured.
        var expected = Grey(Path.Combine(folder, "maps", "000000000790.logits.png"));
        var equal = expected.Zip(map.Labels).Count(pair => pair.First == pair.Second);
        Assert.InRange((double)equal / expected.Length, 0.968, 1);
    }

    [Fact]
    public void Channels_are_normalised_and_the_first_of_equal_scores_wins()
    {
        using var segmenter = new OnnxSegmenter(Echo(), Card);
        // (.78, .39, -1); (0, .39, 1); (.04, .04, -.92); (.2, .24, 1)
        Assert.Equal<byte>([0, 2, 0, 2], segmenter.Segment(SmallImage).Labels.Labels);
    }

    [Fact]
    public void Channels_may_come_blue_first()
    {
        using var segmenter = new OnnxSegmenter(Echo(), Card with { BlueFirst = true });
        // (0, .39, .57); (1, .39, -1); (.04, .04, -.92); (1, .24, -.61)
        Assert.Equal<byte>([2, 0, 0, 0], segmenter.Segment(SmallImage).Labels.Labels);
    }

    [Fact]
    public void A_card_survives_its_file()
    {
        var card = Card with { BlueFirst = true, Output = SegmenterOutput.Logits };
        var read = SegmenterCard.Parse(card.ToJson(), "card.json");
        Assert.Equal(card.ToJson(), read.ToJson());
        Assert.Equal(card.Classes, read.Classes);
        Assert.True(read.BlueFirst);
        Assert.Equal(SegmenterOutput.Logits, read.Output);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"name\":\"m\"}")]
    [InlineData("[]")]
    public void A_bad_card_is_named(string text) =>
        Assert.Contains(
            "card.json",
            Assert.Throws<FreeMaskException>(() => SegmenterCard.Parse(text, "card.json")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_card_that_does_not_fit_its_model_is_refused()
    {
        Assert.Contains("no input named 'x'", Refusal(Card with { InputName = "x" }), StringComparison.Ordinal);
        Assert.Contains("no output named 'y'", Refusal(Card with { OutputName = "y" }), StringComparison.Ordinal);
        using var segmenter = new OnnxSegmenter(Echo(), Card with { Classes = ["a", "b"] });
        Assert.Contains(
            "its card promises",
            Assert.Throws<FreeMaskException>(() => segmenter.Segment(SmallImage)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Bytes_that_are_no_model_are_refused() =>
        Assert.Contains(
            "cannot be loaded",
            Assert.Throws<FreeMaskException>(() => new OnnxSegmenter([1, 2, 3], Card)).Message,
            StringComparison.Ordinal
        );

    private static SegmenterCard Card { get; } =
        new(
            "echo",
            "pixel_values",
            2,
            2,
            BlueFirst: false,
            new ImageNormalization([0, 0, 0.5f], [1, 1, 0.5f]),
            "scores",
            SegmenterOutput.Scores,
            ["a", "b", "c"]
        );

    private static RgbImage SmallImage { get; } = new(2, 2, [200, 100, 0, 0, 100, 255, 10, 10, 10, 50, 60, 255]);

    private static string Refusal(SegmenterCard card) => Assert.Throws<FreeMaskException>(() => new OnnxSegmenter(Echo(), card)).Message;

    /// <summary>A model whose scores are the normalized channels themselves.</summary>
    private static byte[] Echo()
    {
        var graph = new OnnxGraphBuilder();
        graph.Output(
            "scores",
            graph.Input("pixel_values", OnnxGraphBuilder.Float, "batch", 3, 2, 2),
            OnnxGraphBuilder.Float,
            "batch",
            3,
            2,
            2
        );
        return graph.ToBytes();
    }

    private static byte[] Grey(string path)
    {
        var image = ImageCodec.Load(path);
        return [.. Enumerable.Range(0, image.Width * image.Height).Select(i => image.Pixels[3 * i])];
    }
}
