using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class SegmenterEvaluatorTests
{
    private const int Classes = 3;

    [Fact]
    public void Images_are_counted_one_by_one_and_together()
    {
        var done = new List<int>();
        LabeledImage[] images = [Labeled("a", [0, 1, 1, 2]), Labeled("b", [1, 1, 0, LabelMap.Ignore])];

        var evaluation = SegmenterEvaluator.Evaluate(images, Classes, _ => new LabelMap(2, 2, [0, 1, 0, 2]), boundaries: true, done.Add);

        Assert.Equal([1, 2], done);
        Assert.Equal(2, evaluation.Images.Count);
        // a: 0 -> 0, 1 -> 1, 1 -> 0, 2 -> 2; b: 1 -> 0, 1 -> 1, 0 -> 0, and a void pixel.
        Assert.Equal((2, 2, 2, 1), (evaluation.Total[0, 0], evaluation.Total[1, 1], evaluation.Total[1, 0], evaluation.Total[2, 2]));
        Assert.Equal(Classes, evaluation.Boundaries.Count);
        evaluation.RequireClasses("data");
    }

    [Fact]
    public void Labels_of_background_alone_measure_nothing()
    {
        var evaluation = SegmenterEvaluator.Evaluate([Labeled("a", [0, 0, 0, LabelMap.Ignore])], Classes, _ => new LabelMap(2, 2));

        Assert.Empty(evaluation.Boundaries);
        Assert.Contains(
            "data",
            Assert.Throws<FreeMaskException>(() => evaluation.RequireClasses("data")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_stopped_evaluation_segments_no_further_image()
    {
        using var stop = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() =>
            SegmenterEvaluator.Evaluate(
                [Labeled("a", new byte[4]), Labeled("b", new byte[4])],
                Classes,
                _ => new LabelMap(2, 2),
                progress: _ => stop.Cancel(),
                stop: stop.Token
            )
        );
    }

    private static LabeledImage Labeled(string id, byte[] labels) => new(id, new RgbImage(2, 2), new LabelMap(2, 2, labels));
}
