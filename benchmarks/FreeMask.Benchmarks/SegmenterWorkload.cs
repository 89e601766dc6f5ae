using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Benchmarks;

/// <summary>A Mask2Former with fresh weights, its optimizer, and one batch of noise with three rectangles a picture.</summary>
internal sealed class SegmenterWorkload : IDisposable
{
    private const int Rectangles = 3;

    private readonly Mask2FormerModel _model;
    private readonly FlatAdamW _optimizer;
    private readonly SetCriterion _criterion;
    private readonly Tensor _pixels;
    private readonly LabelMap[] _labels;
    private readonly ulong _seed;
    private long _step;

    internal SegmenterWorkload(Mask2FormerConfig config, int batch, int side, ulong seed)
    {
        _seed = seed;
        _model = new Mask2FormerModel(config, seed);
        _optimizer = new FlatAdamW(SegmenterOptimizer.Parameters(_model, backboneFactor: 0.1, weightDecay: 0.05));
        _criterion = new SetCriterion(config, _model.ClassWeights);
        var random = new CounterRandom(seed, "benchmark");
        var values = new float[batch * 3 * side * side];
        random.FillGaussian(values);
        _pixels = tensor(values, [batch, 3, side, side]);
        _labels = [.. Enumerable.Range(0, batch).Select(_ => Draw(side, config.Labels.Count, random))];
    }

    /// <summary>Forward, losses, backward, clip, update.</summary>
    internal double Step()
    {
        using var scope = NewDisposeScope();
        _model.train();
        var targets = SegmentationTargets.FromLabelMaps(_labels);
        _optimizer.ZeroGradients();
        var output = _model.Run(_pixels).Decoder.Predictions;
        var loss = _criterion.Compute(output, targets, PointSampling.Draw(_model.Config, output.Count, targets, _seed, _step++)).Total;
        loss.backward();
        _optimizer.ClipGradients(0.01);
        _optimizer.Step(1e-4);
        return loss.item<float>();
    }

    /// <summary>Forward in evaluation mode.</summary>
    internal void Infer()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        _model.eval();
        _model.forward(_pixels);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
        _pixels.Dispose();
    }

    /// <summary>Rectangles of three different classes; the rest is unknown, so that each picture has three masks.</summary>
    private static LabelMap Draw(int side, int classes, CounterRandom random)
    {
        var map = new LabelMap(side, side);
        Array.Fill(map.Labels, LabelMap.Ignore);
        var first = random.NextInt(classes);
        for (var i = 0; i < Rectangles; i++)
        {
            var (left, top) = ((int)(random.NextDouble() * side / 2), (int)(random.NextDouble() * side / 2));
            for (var y = top; y < top + (2 * side / 5); y++)
                for (var x = left; x < left + (2 * side / 5); x++) map[x, y] = (byte)((first + i) % classes);
        }

        return map;
    }
}
