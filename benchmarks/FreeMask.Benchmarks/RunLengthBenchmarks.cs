using BenchmarkDotNet.Attributes;
using FreeMask.Imaging;

namespace FreeMask.Benchmarks;

/// <summary>COCO's run lengths of a mask of 500 x 375 pixels.</summary>
[Config(typeof(KernelBenchmarkConfig))]
public class RunLengthBenchmarks
{
    private const int Width = 500, Height = 375;

    private byte[] _mask = [];
    private RunLengthMask _runs = null!, _other = null!;
    private string _compressed = "";

    /// <summary>Makes two masks.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _mask = Array.ConvertAll(Pictures.Labels(Width, Height, 3, 1).Labels, v => v == 1 ? (byte)1 : (byte)0);
        _runs = RunLengthMask.Encode(_mask, Width);
        _other = RunLengthMask.Encode(
            Array.ConvertAll(Pictures.Labels(Width, Height, 3, 2).Labels, v => v == 1 ? (byte)1 : (byte)0),
            Width
        );
        _compressed = _runs.ToCompressed();
    }

    /// <summary>From pixels to run lengths.</summary>
    [Benchmark]
    public object Encode() => RunLengthMask.Encode(_mask, Width);

    /// <summary>From run lengths to pixels.</summary>
    [Benchmark]
    public byte[] Decode() => _runs.Decode();

    /// <summary>From the compressed string to run lengths and back.</summary>
    [Benchmark]
    public string Text() => RunLengthMask.FromCompressed(_compressed, Width, Height).ToCompressed();

    /// <summary>The overlap of two masks.</summary>
    [Benchmark]
    public double Iou() => _runs.Iou(_other);
}
