using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Harmonization;
using Xunit;

namespace FreeMask.Vision.Tests.Harmonization;

public sealed class ColorDisturbanceTests
{
    public static TheoryData<int> Kinds => new(ColorDisturbance.Kinds.Select(kind => (int)kind));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_object_alone_changes_and_by_its_stream_alone(int number)
    {
        var kind = (DisturbanceKind)number;
        var (truth, mask) = Scene();
        var (first, again, other) = (Disturb(kind, 3), Disturb(kind, 3), Disturb(kind, 4));
        Assert.Equal(first.Pixels, again.Pixels);
        Assert.NotEqual(first.Pixels, other.Pixels);
        Assert.NotEqual(truth.Pixels, first.Pixels);
        for (var i = 0; i < mask.Labels.Length; i++)
            if (mask.Labels[i] == 0)
                Assert.True(truth.Pixels.AsSpan(3 * i, 3).SequenceEqual(first.Pixels.AsSpan(3 * i, 3)));
    }

    [Theory]
    [InlineData((int)DisturbanceKind.Shift)]
    [InlineData((int)DisturbanceKind.Reference)]
    public void The_statistics_of_the_true_object_undo_a_change_of_statistics(int kind)
    {
        var (truth, mask) = Scene();
        var composite = Disturb((DisturbanceKind)kind, 5);
        var lab = LabColor.FromRgb(composite);
        var transfer = LabTransfer.Full(
            LabStatistics.Of(lab, i => mask.Labels[i] != 0),
            LabStatistics.Of(LabColor.FromRgb(truth), i => mask.Labels[i] != 0)
        );
        var restored = composite.Clone();
        transfer.Paint(restored, lab, i => mask.Labels[i] / 255.0);
        var (before, after) = (
            HarmonizationMetrics.Compare(composite, truth, mask).ForegroundMse,
            HarmonizationMetrics.Compare(restored, truth, mask).ForegroundMse
        );
        Assert.True(after < 3 && before > 20, $"fMSE {before:0.0} -> {after:0.0}");
    }

    [Fact]
    public void An_amount_of_nothing_changes_nothing()
    {
        var (truth, mask) = Scene();
        foreach (var kind in ColorDisturbance.Kinds)
        {
            var composite = Disturb(kind, 2, amount: 0);
            for (var i = 0; i < truth.Pixels.Length; i++) Assert.InRange(composite.Pixels[i] - truth.Pixels[i], -1, 1);
        }
    }

    private static RgbImage Disturb(DisturbanceKind kind, int seed, double amount = 1)
    {
        var (truth, mask) = Scene();
        var lab = LabColor.FromRgb(truth);
        var (inside, around) = (LabStatistics.Of(lab, i => mask.Labels[i] != 0), LabStatistics.Of(lab, i => mask.Labels[i] == 0));
        return ColorDisturbance
            .Draw(kind, inside, around, new CounterRandom((ulong)seed, "disturb"), amount)
            .Composite(truth, mask);
    }

    private static (RgbImage Truth, LabelMap Mask) Scene()
    {
        var random = new CounterRandom(1, "scene");
        var (truth, mask) = (new RgbImage(40, 32), new LabelMap(40, 32));
        for (var i = 0; i < mask.Labels.Length; i++)
        {
            var inside = i % 40 is > 10 and < 30 && i / 40 is > 8 and < 24;
            mask.Labels[i] = inside ? (byte)255 : (byte)0;
            for (var c = 0; c < 3; c++) truth.Pixels[(3 * i) + c] = (byte)((inside ? 100 + (15 * c) : 160) + random.NextInt(30));
        }

        return (truth, mask);
    }
}
