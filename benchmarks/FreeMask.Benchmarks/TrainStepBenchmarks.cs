using BenchmarkDotNet.Attributes;
using FreeMask.Training.Mask2Former;
using TorchSharp;

namespace FreeMask.Benchmarks;

/// <summary>
/// A training step (forward, losses, backward, clip, AdamW) and inference of a small Mask2Former: Swin of 32 channels with depths 2, 2, 2,
/// 2 and windows of 7, d = 64, eight heads, three encoder and three decoder layers, 20 queries, 21 classes, 1024 points; a batch of eight
/// pictures of 128 x 128 with three rectangles each.
/// </summary>
[Config(typeof(BriefConfig))]
public class TrainStepBenchmarks
{
    private SegmenterWorkload _work = null!;

    /// <summary>Threads of the tensor library.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Makes model and batch.</summary>
    [GlobalSetup]
    public void Setup()
    {
        torch.set_num_threads(Threads);
        _work = new SegmenterWorkload(
            new Mask2FormerConfig
            {
                Backbone = new SwinConfig { EmbeddingSize = 32, Depths = [2, 2, 2, 2], Heads = [1, 2, 4, 8] },
                Labels = [.. Enumerable.Range(0, 21).Select(i => $"class {i}")],
                FeatureSize = 64,
                MaskFeatureSize = 64,
                HiddenSize = 64,
                EncoderFeedForward = 256,
                EncoderLayers = 3,
                DecoderFeedForward = 256,
                DecoderLayers = 3,
                Heads = 8,
                Queries = 20,
                TrainPoints = 1024,
            },
            batch: 8,
            side: 128,
            seed: 1);
    }

    /// <summary>Frees the model.</summary>
    [GlobalCleanup]
    public void Cleanup() => _work.Dispose();

    /// <summary>One step.</summary>
    [Benchmark]
    public double Step() => _work.Step();

    /// <summary>The forward pass of the batch in evaluation mode.</summary>
    [Benchmark]
    public void Inference() => _work.Infer();
}
