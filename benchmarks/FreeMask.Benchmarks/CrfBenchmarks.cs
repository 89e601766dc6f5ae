using BenchmarkDotNet.Attributes;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Affinity;

namespace FreeMask.Benchmarks;

/// <summary>The dense CRF and PAMR on 500 x 375 pixels, with their published settings.</summary>
[Config(typeof(KernelBenchmarkConfig))]
public class CrfBenchmarks
{
    private const int Width = 500, Height = 375;

    private RgbImage _image = null!;
    private float[] _unary = [];
    private FloatMap _map = null!;

    /// <summary>Classes of the CRF.</summary>
    [Params(2, 21)]
    public int Classes { get; set; }

    /// <summary>Makes a picture and energies.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _image = Pictures.Photo(Width, Height);
        var random = new CounterRandom(1, "benchmark-unary");
        _unary = new float[Classes * Width * Height];
        for (var i = 0; i < _unary.Length; i++) _unary[i] = 3 * random.NextSingle();
        _map = new FloatMap(Width, Height, [.. Enumerable.Range(0, Width * Height).Select(_ => random.NextSingle())]);
    }

    /// <summary>Lattices and ten steps of mean field.</summary>
    [Benchmark]
    public float[] DenseCrf() => new DenseCrf(_image).Infer(_unary, Classes);

    /// <summary>Weights and ten iterations of one map.</summary>
    [Benchmark]
    public FloatMap Pamr() => new Pamr(_image).Refine(_map);
}
