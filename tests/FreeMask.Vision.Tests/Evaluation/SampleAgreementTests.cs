using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class SampleAgreementTests
{
    [Fact]
    public void A_confused_class_counts_in_the_measures_with_classes_alone()
    {
        var labels = new byte[] { 0, 8, 8, 8, 0, 0, 12, 12 };
        var agreement = Compute(labels, [0, 1, 1, 1, 0, 0, 2, 2], [0, 12, 12, 12, 0, 0, 12, 12]);
        Assert.Equal((1.0, 1.0), (agreement.Mask, agreement.WorstObject));
        Assert.Equal(2 / 5.0, agreement.Class, 1e-12);
        // The cat is never found; the dog's IoU is 2 of 5.
        Assert.Equal((0 + (2 / 5.0)) / 2, agreement.IoU, 1e-12);
    }

    [Fact]
    public void The_worst_object_decides_and_takes_the_extra_pixels_beside_it()
    {
        //                      first object    second object, of which one pixel is missed, with one more beside it
        byte[] labels = [0, 3, 3, 3, 0, 0, 0, 0, 0, 3, 3, 3, 0, 0];
        byte[] instances = [0, 1, 1, 1, 0, 0, 0, 0, 0, 2, 2, 2, 0, 0];
        byte[] prediction = [0, 3, 3, 3, 0, 0, 0, 0, 0, 0, 3, 3, 3, 0];
        var agreement = Compute(labels, instances, prediction);
        Assert.Equal(2 / 4.0, agreement.WorstObject, 1e-12);
        Assert.Equal(5 / 7.0, agreement.Mask, 1e-12);
        Assert.Equal(1, agreement.Class);
    }

    [Fact]
    public void Undecided_pixels_do_not_count()
    {
        var agreement = Compute([255, 5, 5, 255, 0], [255, 1, 1, 255, 0], [7, 5, 5, 9, 0]);
        Assert.Equal((1.0, 1.0, 1.0, 1.0), (agreement.IoU, agreement.Mask, agreement.WorstObject, agreement.Class));
    }

    [Fact]
    public void Without_an_object_all_are_zero() => Assert.Equal(default, Compute([0, 0, 255, 0], [0, 0, 255, 0], [0, 0, 0, 0]));

    [Fact]
    public void A_moved_outline_lowers_the_boundary_most()
    {
        var (labels, prediction) = (new LabelMap(64, 64), new LabelMap(64, 64));
        for (var y = 16; y < 48; y++)
        {
            for (var x = 16; x < 48; x++)
            {
                labels[x, y] = 3;
                prediction[x + 2, y] = 3;
            }
        }

        var instances = new LabelMap(64, 64, Array.ConvertAll(labels.Labels, l => (byte)(l == 0 ? 0 : 1)));
        var agreement = SampleAgreement.Compute(labels, instances, prediction);
        Assert.Equal(30 / 34.0, agreement.Mask, 1e-12);
        Assert.InRange(agreement.Boundary, 0.2, 0.7);
    }

    private static SampleAgreement Compute(byte[] labels, byte[] instances, byte[] prediction) =>
        SampleAgreement.Compute(
            new LabelMap(labels.Length, 1, labels),
            new LabelMap(labels.Length, 1, instances),
            new LabelMap(labels.Length, 1, prediction)
        );
}
