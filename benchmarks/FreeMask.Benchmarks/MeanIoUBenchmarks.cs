using BenchmarkDotNet.Attributes;
using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Benchmarks;

/// <summary>mIoU of 1,000 label maps of 500 x 375 pixels and 21 classes.</summary>
[Config(typeof(KernelBenchmarkConfig))]
public class MeanIoUBenchmarks
{
    private const int Maps = 1000, Different = 20;

    private LabelMap[] _truth = [], _prediction = [];

    /// <summary>Makes twenty pairs, each used fifty times.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _truth = [.. Enumerable.Range(0, Different).Select(i => Pictures.Labels(500, 375, 21, i))];
        _prediction = [.. Enumerable.Range(0, Different).Select(i => Pictures.Labels(500, 375, 21, i % 3 == 0 ? i + 100 : i))];
    }

    /// <summary>One matrix over all of them, and its measures.</summary>
    [Benchmark]
    public double MeanIoU()
    {
        var matrix = new ConfusionMatrix(21);
        for (var i = 0; i < Maps; i++) matrix.Add(_truth[i % Different], _prediction[i % Different]);
        return matrix.Scores().MeanIou;
    }
}
