using FreeMask.Imaging;
using FreeMask.Tensors;

namespace FreeMask.Vision.Affinity;

/// <summary>
/// Pixel-adaptive mask refinement (Araslanov and Roth, CVPR 2020, visinf/1-stage-wseg): every pixel becomes the mean of its neighbors at
/// several distances, weighted by a softmax over -|I_i - I_j| / (1e-8 + sigma std_i), averaged over the color channels. The deviation is
/// taken (N - 1) over all neighbors and the center once per distance. Edges of the image are repeated.
/// </summary>
internal sealed class Pamr
{
    private static readonly (int Dy, int Dx)[] Ring = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)];

    private readonly int _width, _height, _pad, _stride;
    private readonly (int Dy, int Dx)[] _offsets;

    // Neighbor after neighbor, one row-major plane of weights each.
    private readonly float[] _weights;

    /// <summary>Computes the weights of an image; they serve any number of maps.</summary>
    public Pamr(RgbImage image, PamrOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        Options = options ?? new PamrOptions();
        (_width, _height) = (image.Width, image.Height);
        _pad = Options.Dilations.Max();
        _stride = _width + (2 * _pad);
        _offsets = [.. Options.Dilations.SelectMany(d => Ring.Select(o => (o.Dy * d, o.Dx * d)))];
        _weights = MakeWeights(image);
    }

    /// <summary>The settings.</summary>
    public PamrOptions Options { get; }

    /// <summary>The weight of a neighbor, in the order of dilations and then top-left to bottom-right.</summary>
    internal float Weight(int neighbor, int x, int y) => _weights[(((neighbor * _height) + y) * _width) + x];

    /// <summary>Refines a map of the image's size.</summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public FloatMap Refine(FloatMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        if ((map.Width, map.Height) != (_width, _height))
            throw new ArgumentException($"The map is {map.Width} x {map.Height}, the image {_width} x {_height}.", nameof(map));
        var padded = new float[_stride * (_height + (2 * _pad))];
        var values = (float[])map.Values.Clone();
        for (var iteration = 0; iteration < Options.Iterations; iteration++)
        {
            Pad(values, padded);
            Average(padded, values);
        }

        return new FloatMap(_width, _height, values);
    }

    private void Average(float[] padded, float[] result)
    {
        for (var y = 0; y < _height; y++)
        {
            var row = result.AsSpan(y * _width, _width);
            row.Clear();
            for (var k = 0; k < _offsets.Length; k++)
            {
                var weights = _weights.AsSpan(((k * _height) + y) * _width, _width);
                var neighbors = padded.AsSpan(((y + _pad + _offsets[k].Dy) * _stride) + _pad + _offsets[k].Dx, _width);
                VectorMath.AddProduct<float>(row, weights, neighbors);
            }
        }
    }

    private float[] MakeWeights(RgbImage image)
    {
        var area = _width * _height;
        var weights = new float[_offsets.Length * area];
        var plane = new float[area];
        var padded = new float[_stride * (_height + (2 * _pad))];
        var scale = new float[area];
        for (var channel = 0; channel < 3; channel++)
        {
            for (var i = 0; i < area; i++) plane[i] = image.Pixels[(3 * i) + channel];
            Pad(plane, padded);
            MakeScale(padded, scale);
            for (var k = 0; k < _offsets.Length; k++)
                for (var y = 0; y < _height; y++)
                {
                    var row = weights.AsSpan(((k * _height) + y) * _width, _width);
                    var centers = padded.AsSpan(((y + _pad) * _stride) + _pad, _width);
                    var neighbors = padded.AsSpan(((y + _pad + _offsets[k].Dy) * _stride) + _pad + _offsets[k].Dx, _width);
                    var scales = scale.AsSpan(y * _width, _width);
                    for (var x = 0; x < row.Length; x++) row[x] -= MathF.Abs(centers[x] - neighbors[x]) * scales[x];
                }
        }

        Softmax(weights, area);
        return weights;
    }

    // 1 / (3 (1e-8 + sigma std)) per pixel: the 3 makes the sum over channels a mean. Levels 0..255 need the epsilon scaled alike.
    private void MakeScale(float[] padded, float[] scale)
    {
        var count = _offsets.Length + Options.Dilations.Count;
        for (var y = 0; y < _height; y++)
            for (var x = 0; x < _width; x++)
            {
                var at = ((y + _pad) * _stride) + _pad + x;
                double center = padded[at], sum = center * Options.Dilations.Count, squares = center * sum;
                foreach (var (dy, dx) in _offsets)
                {
                    double value = padded[at + (dy * _stride) + dx];
                    sum += value;
                    squares += value * value;
                }

                var variance = Math.Max(0, (squares - (sum * sum / count)) / (count - 1));
                scale[(y * _width) + x] = (float)(1 / (3 * ((255 * 1e-8) + (Options.Sigma * Math.Sqrt(variance)))));
            }
    }

    private void Softmax(float[] weights, int area)
    {
        var highest = new float[_width];
        var sum = new float[_width];
        for (var y = 0; y < _height; y++)
        {
            highest.AsSpan().Fill(float.NegativeInfinity);
            sum.AsSpan().Clear();
            for (var at = y * _width; at < weights.Length; at += area)
                for (var x = 0; x < _width; x++) highest[x] = Math.Max(highest[x], weights[at + x]);
            for (var at = y * _width; at < weights.Length; at += area)
                for (var x = 0; x < _width; x++) sum[x] += weights[at + x] = MathF.Exp(weights[at + x] - highest[x]);
            for (var at = y * _width; at < weights.Length; at += area)
                for (var x = 0; x < _width; x++) weights[at + x] /= sum[x];
        }
    }

    private void Pad(float[] values, float[] padded)
    {
        for (var y = 0; y < _height; y++)
        {
            var row = padded.AsSpan((y + _pad) * _stride, _stride);
            values.AsSpan(y * _width, _width).CopyTo(row[_pad..]);
            row[.._pad].Fill(row[_pad]);
            row[(_pad + _width)..].Fill(row[_pad + _width - 1]);
        }

        var first = padded.AsSpan(_pad * _stride, _stride);
        var last = padded.AsSpan((_pad + _height - 1) * _stride, _stride);
        for (var y = 0; y < _pad; y++)
        {
            first.CopyTo(padded.AsSpan(y * _stride));
            last.CopyTo(padded.AsSpan((_pad + _height + y) * _stride));
        }
    }
}
