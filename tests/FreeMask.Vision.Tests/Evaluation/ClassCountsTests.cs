using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class ClassCountsTests
{
    private static ClassCounts Of(byte[] truth, byte[] prediction)
    {
        var matrix = new ConfusionMatrix(4);
        matrix.Add(new LabelMap(truth.Length, 1, truth), new LabelMap(prediction.Length, 1, prediction));
        return ClassCounts.Of(matrix);
    }

    private static readonly ClassCounts First = Of([0, 0, 1, 1], [0, 1, 1, 1]);
    private static readonly ClassCounts Second = Of([0, 0, 2, 2], [0, 0, 2, 1]);

    [Fact]
    public void Mean_IoU_is_that_of_the_summed_matrices()
    {
        // Background 3 of 4, class 1: 2 of 4, class 2: 1 of 2.
        Assert.Equal((0.75 + 0.5 + 0.5) / 3, ClassCounts.MeanIoU([First, Second]), 12);
        var sum = new ConfusionMatrix(4);
        sum.Add(new LabelMap(8, 1, [0, 0, 1, 1, 0, 0, 2, 2]), new LabelMap(8, 1, [0, 1, 1, 1, 0, 0, 2, 1]));
        Assert.Equal(sum.Scores().MeanIou, ClassCounts.MeanIoU([First, Second]), 12);
    }

    [Fact]
    public void Weights_count_images_several_times_or_not_at_all()
    {
        Assert.Equal(ClassCounts.MeanIoU([First, First, Second]), ClassCounts.MeanIoU([First, Second], [2, 1]), 12);
        // Class 1 has labels in an image that does not count: predictions of it in the other say nothing.
        Assert.Equal([0, 2], ClassCounts.IoU([First, Second], [0, 1]).Keys.Order());
    }

    [Fact]
    public void A_class_that_no_label_has_counts_when_it_is_predicted()
    {
        var image = Of([0, 0], [0, 3]);
        Assert.Equal([0, 3], ClassCounts.IoU([image]).Keys.Order());
        Assert.Equal(0.25, ClassCounts.MeanIoU([image]), 12);
        Assert.True(double.IsNaN(ClassCounts.MeanIoU([])));
    }
}
