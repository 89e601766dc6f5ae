using BenchmarkDotNet.Attributes;
using FreeMask.Imaging;

namespace FreeMask.Benchmarks;

/// <summary>PNGs of 512 x 512 pixels: pictures and label maps.</summary>
[Config(typeof(KernelBenchmarkConfig))]
public class PngBenchmarks
{
    private const int Side = 512;

    private RgbImage _image = null!;
    private LabelMap _labels = null!;
    private byte[] _imageFile = [], _labelFile = [];

    /// <summary>Makes a picture and a label map.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _image = Pictures.Photo(Side, Side);
        _labels = Pictures.Labels(Side, Side, 21, 1);
        _imageFile = ImageCodec.EncodePng(_image);
        _labelFile = IndexedPng.Encode(_labels);
    }

    /// <summary>A picture to a file.</summary>
    [Benchmark]
    public byte[] EncodePicture() => ImageCodec.EncodePng(_image);

    /// <summary>A file to a picture.</summary>
    [Benchmark]
    public RgbImage DecodePicture() => ImageCodec.Decode(_imageFile);

    /// <summary>A label map to a file.</summary>
    [Benchmark]
    public byte[] EncodeLabels() => IndexedPng.Encode(_labels);

    /// <summary>A file to a label map.</summary>
    [Benchmark]
    public LabelMap DecodeLabels() => IndexedPng.Decode(_labelFile, "labels.png");
}
