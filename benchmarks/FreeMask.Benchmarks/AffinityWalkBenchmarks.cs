using BenchmarkDotNet.Attributes;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Affinity;
using static TorchSharp.torch;

namespace FreeMask.Benchmarks;

/// <summary>A walk of 256 steps, radius 5, of background and one class.</summary>
[Config(typeof(KernelBenchmarkConfig))]
public class AffinityWalkBenchmarks
{
    private const int Steps = 256, Beta = 16;

    private readonly Dictionary<int, Scene> _scenes = [];

    /// <summary>Makes embeddings with an edge.</summary>
    [GlobalSetup]
    public void Setup()
    {
        set_num_threads(1);
        foreach (var side in (int[])[32, 64]) _scenes[side] = Scene.Make(side);
    }

    /// <summary>Affinities of all pairs from an embedding of 64 channels.</summary>
    [Benchmark]
    [Arguments(32)]
    [Arguments(64)]
    public float[] Affinities(int side) => _scenes[side].Pairs.Affinities(_scenes[side].Embedding);

    /// <summary>What the mask stage does, for two maps: the transition matrix, and sparse walks by Chebyshev polynomials.</summary>
    [Benchmark]
    [Arguments(32)]
    [Arguments(64)]
    public FloatMap Sparse(int side)
    {
        var scene = _scenes[side];
        var walk = new RandomWalk(scene.Pairs, scene.Affinities, Beta);
        _ = walk.Propagate(scene.First, Steps);
        return walk.Propagate(scene.Second, Steps);
    }

    /// <summary>What the published code does: a dense matrix, squared eight times by the tensor library on one thread.</summary>
    [Benchmark]
    [Arguments(32)]
    public float DenseSquaring(int side)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var scene = _scenes[side];
        var cells = side * side;
        var (first, second) = (scene.Pairs.First(), scene.Pairs.Second());
        var values = new float[cells * cells];
        for (var i = 0; i < cells; i++) values[(i * cells) + i] = 1;
        for (var p = 0; p < first.Length; p++)
            values[(first[p] * cells) + second[p]] = values[(second[p] * cells) + first[p]] = MathF.Pow(scene.Affinities[p], Beta);
        var power = tensor(values, [cells, cells]);
        power = power.div(power.sum(1, keepdim: true));
        for (var k = 0; k < 8; k++) power = power.matmul(power);
        return power.matmul(tensor([.. scene.First.Values, .. scene.Second.Values], [2, cells]).t()).sum().item<float>();
    }

    private sealed record Scene(AffinityPairs Pairs, FeatureMap Embedding, float[] Affinities, FloatMap First, FloatMap Second)
    {
        internal static Scene Make(int side)
        {
            var random = new CounterRandom(1, "benchmark-walk");
            var pairs = new AffinityPairs(side, side, 5, PairSources.All);
            var embedding = new FeatureMap(64, side, side, new float[64 * side * side]);
            for (var i = 0; i < embedding.Values.Length; i++)
                embedding.Values[i] = (i % side < side / 2 ? 0 : 2) + (0.2f * random.NextSingle());
            return new Scene(pairs, embedding, pairs.Affinities(embedding), Noise(side, random), Noise(side, random));
        }

        private static FloatMap Noise(int side, CounterRandom random)
        {
            var map = new FloatMap(side, side);
            for (var i = 0; i < map.Values.Length; i++) map.Values[i] = random.NextSingle();
            return map;
        }
    }
}
