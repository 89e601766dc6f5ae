using FreeMask.Imaging;
using FreeMask.Training.Mask2Former;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mask2Former;

public sealed class SetCriterionTests
{
    [Fact]
    public void A_batch_without_objects_has_only_the_class_term()
    {
        using var scope = NewDisposeScope();
        var model = Model();
        var targets = SegmentationTargets.FromLabelMaps([Filled(LabelMap.Ignore), Filled(LabelMap.Ignore)]);
        var output = model.Run(zeros(2, 3, 64, 64)).Decoder.Predictions;
        var loss = new SetCriterion(model.Config, model.ClassWeights)
            .Compute(output, targets, PointSampling.Draw(model.Config, output.Count, targets, seed: 1, step: 0));
        Assert.Empty(loss.Pairs);
        Assert.Equal(0, loss.Mask.sum().item<float>());
        Assert.True(loss.Class.sum().item<float>() > 0);
        loss.Total.backward();
    }

    [Fact]
    public void Unknown_pixels_do_not_change_the_loss()
    {
        using var scope = NewDisposeScope();
        var model = Model(frozenNorm: true);
        var (left, right) = (Filled(0), Filled(0));
        for (var y = 0; y < 64; y++)
            for (var x = 0; x < 64; x++)
            {
                // The classes differ only inside the unknown band, where a bilinear sample of a valid point never reaches.
                left[x, y] = x < 30 ? (byte)1 : x < 34 ? LabelMap.Ignore : (byte)0;
                right[x, y] = left[x, y];
            }

        var output = model.Run(linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64)).Decoder.Predictions;
        double Total(LabelMap map)
        {
            var targets = SegmentationTargets.FromLabelMaps([map]);
            return new SetCriterion(model.Config, model.ClassWeights)
                .Compute(output, targets, PointSampling.Draw(model.Config, output.Count, targets, seed: 1, step: 0)).Total.item<float>();
        }

        var known = Total(left);
        Assert.Equal(known, Total(right));
        right[31, 7] = 1;
        Assert.NotEqual(known, Total(right));
    }

    private static LabelMap Filled(byte label)
    {
        var map = new LabelMap(64, 64);
        Array.Fill(map.Labels, label);
        return map;
    }

    private static Mask2FormerModel Model(bool frozenNorm = false)
    {
        var model = new Mask2FormerModel(Shapes.Tiny with { TrainPoints = 4096 }, seed: 3);
        model.train();
        model.FreezeNormalization(frozenNorm);
        return model;
    }
}
