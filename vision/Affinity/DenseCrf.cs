using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using FreeMask.Imaging;
using FreeMask.Tensors;

namespace FreeMask.Vision.Affinity;

/// <summary>Settings of <see cref="DenseCrf"/>.</summary>
internal sealed record DenseCrfOptions
{
    /// <summary>DiffuMask's settings (<c>curve_threshold.py</c>).</summary>
    public static DenseCrfOptions DiffuMask { get; } = new() { BilateralSigma = 80, ColorSigma = 13 };

    /// <summary>Weight of the smoothness kernel; 0 leaves it out.</summary>
    public float GaussianWeight { get; init; } = 3;

    /// <summary>Its reach in pixels.</summary>
    public float GaussianSigma { get; init; } = 3;

    /// <summary>Weight of the appearance kernel; 0 leaves it out.</summary>
    public float BilateralWeight { get; init; } = 10;

    /// <summary>Its reach in pixels.</summary>
    public float BilateralSigma { get; init; } = 60;

    /// <summary>Its reach in levels of 0..255.</summary>
    public float ColorSigma { get; init; } = 10;

    /// <summary>Mean-field steps.</summary>
    public int Iterations { get; init; } = 10;
}

/// <summary>
/// Fully connected CRF with Gaussian edge potentials (Kraehenbuehl and Koltun, NIPS 2011), Potts model, mean field:
/// Q = softmax(-unary + sum of weight x D^-1/2 K D^-1/2 Q), K filtered on the permutohedral lattice, D its row sums (the symmetric
/// normalization of pydensecrf).
/// </summary>
internal sealed class DenseCrf
{
    // A soft map is never taken as certain, so that the image can still speak.
    private const float Certainty = 0.98f;

    private readonly int _width, _height;
    private readonly DenseCrfOptions _options;
    private readonly List<Kernel> _kernels = [];

    /// <summary>Builds the kernels of an image; they serve any number of maps.</summary>
    public DenseCrf(RgbImage image, DenseCrfOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        _options = options ?? new DenseCrfOptions();
        (_width, _height) = (image.Width, image.Height);
        if (_options.GaussianWeight != 0) _kernels.Add(new Kernel(PositionFeatures(), 2, _options.GaussianWeight));
        if (_options.BilateralWeight != 0) _kernels.Add(new Kernel(ColorFeatures(image), 5, _options.BilateralWeight));
    }

    /// <summary>Runs the mean field.</summary>
    /// <param name="unary">Classes x height x width, negative log probabilities.</param>
    /// <param name="classes">Number of classes, at least 2.</param>
    /// <returns>Classes x height x width, probabilities.</returns>
    /// <exception cref="ArgumentException">The array does not hold classes x height x width values.</exception>
    public float[] Infer(float[] unary, int classes)
    {
        var pixels = _width * _height;
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        PixelGrid.RequireLength(unary, classes * pixels, nameof(unary));
        // Pixel-major inside: all classes of a pixel are moved at once. Where they are many, they fill whole registers; what is added has
        // no probability.
        var stride = classes <= 4 ? classes : (classes + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count;
        var potential = new float[stride * pixels];
        potential.AsSpan().Fill(float.MinValue);
        for (var c = 0; c < classes; c++)
            for (var p = 0; p < pixels; p++) potential[(p * stride) + c] = -unary[(c * pixels) + p];
        var q = (float[])potential.Clone();
        var message = new float[q.Length];
        Softmax(q, stride);
        for (var step = 0; step < _options.Iterations; step++)
        {
            foreach (var kernel in _kernels) kernel.Add(q, message, stride);
            (q, message) = (message, q);
            VectorMath.Add(q, potential);
            message.AsSpan().Clear();
            Softmax(q, stride);
        }

        var result = new float[unary.Length];
        for (var c = 0; c < classes; c++)
            for (var p = 0; p < pixels; p++) result[(c * pixels) + p] = q[(p * stride) + c];
        return result;
    }

    /// <summary>Object against background from a soft map in 0..1 of the image's size.</summary>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public FloatMap RefineBinary(FloatMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        var pixels = _width * _height;
        PixelGrid.RequireLength(map.Values, pixels, nameof(map));
        var unary = new float[2 * pixels];
        for (var i = 0; i < pixels; i++)
        {
            var p = Math.Clamp(map.Values[i], 1 - Certainty, Certainty);
            (unary[i], unary[pixels + i]) = (-MathF.Log(1 - p), -MathF.Log(p));
        }

        return new FloatMap(_width, _height, Infer(unary, 2)[pixels..]);
    }

    private float[] PositionFeatures()
    {
        var features = new float[2 * _width * _height];
        for (var i = 0; i < _width * _height; i++)
            (features[2 * i], features[(2 * i) + 1]) = (i % _width / _options.GaussianSigma, i / _width / _options.GaussianSigma);
        return features;
    }

    private float[] ColorFeatures(RgbImage image)
    {
        var features = new float[5 * _width * _height];
        for (var i = 0; i < _width * _height; i++)
        {
            (features[5 * i], features[(5 * i) + 1]) = (i % _width / _options.BilateralSigma, i / _width / _options.BilateralSigma);
            for (var c = 0; c < 3; c++) features[(5 * i) + 2 + c] = image.Pixels[(3 * i) + c] / _options.ColorSigma;
        }

        return features;
    }

    private static void Softmax(float[] values, int stride)
    {
        if (stride == 2) SoftmaxOfTwo(values);
        else if (stride % Vector<float>.Count == 0) SoftmaxOfMany(values, stride);
        else
        {
            for (var at = 0; at < values.Length; at += stride)
            {
                var row = values.AsSpan(at, stride);
                var highest = float.NegativeInfinity;
                foreach (var value in row) highest = Math.Max(highest, value);
                var sum = 0f;
                foreach (ref var value in row) sum += value = MathF.Exp(value - highest);
                foreach (ref var value in row) value /= sum;
            }
        }
    }

    private static void SoftmaxOfTwo(float[] values)
    {
        for (var i = 0; i < values.Length; i += 2)
        {
            values[i + 1] = 1 / (1 + MathF.Exp(values[i] - values[i + 1]));
            values[i] = 1 - values[i + 1];
        }
    }

    private static void SoftmaxOfMany(float[] values, int stride)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values.AsSpan());
        var lanes = stride / Vector<float>.Count;
        for (var at = 0; at < vectors.Length; at += lanes)
        {
            var row = vectors.Slice(at, lanes);
            var largest = row[0];
            for (var k = 1; k < row.Length; k++) largest = Vector.Max(largest, row[k]);
            var highest = float.NegativeInfinity;
            for (var k = 0; k < Vector<float>.Count; k++) highest = Math.Max(highest, largest[k]);
            var total = Vector<float>.Zero;
            foreach (ref var vector in row) total += vector = Vector.Exp(vector - new Vector<float>(highest));
            var scale = 1 / Vector.Sum(total);
            foreach (ref var vector in row) vector *= scale;
        }
    }

    private sealed class Kernel
    {
        private readonly PermutohedralLattice _lattice;
        private readonly float[] _norm, _whole;
        private readonly float _weight;

        internal Kernel(float[] features, int dimensions, float weight)
        {
            _weight = weight;
            _lattice = new PermutohedralLattice(features, dimensions);
            _norm = new float[features.Length / dimensions];
            _whole = new float[_norm.Length];
            _norm.AsSpan().Fill(1);
            _lattice.Filter(_norm, _whole, 1);
            for (var i = 0; i < _norm.Length; i++) _norm[i] = 1 / MathF.Sqrt(_whole[i] + 1e-20f);
            _lattice.Filter(_norm, _whole, 1);
            for (var i = 0; i < _norm.Length; i++) _whole[i] *= _norm[i];
        }

        /// <summary>message += weight D^-1/2 K D^-1/2 q.</summary>
        internal void Add(float[] q, float[] message, int stride)
        {
            // Of two classes that sum to 1 the second says what the first would: their messages sum to that of 1.
            var channels = stride == 2 ? 1 : stride;
            var scaled = ArrayPool<float>.Shared.Rent(_norm.Length * channels);
            var filtered = ArrayPool<float>.Shared.Rent(_norm.Length * channels);
            if (stride == 2)
            {
                for (var p = 0; p < _norm.Length; p++) scaled[p] = q[(2 * p) + 1] * _norm[p];
                _lattice.Filter(scaled.AsSpan(0, _norm.Length), filtered.AsSpan(0, _norm.Length), 1);
                for (var p = 0; p < _norm.Length; p++)
                {
                    var second = filtered[p] * _norm[p];
                    message[2 * p] += _weight * (_whole[p] - second);
                    message[(2 * p) + 1] += _weight * second;
                }
            }
            else
            {
                scaled.AsSpan(0, q.Length).Clear();
                for (var p = 0; p < _norm.Length; p++)
                    VectorMath.AddScaled(scaled.AsSpan(p * stride, stride), q.AsSpan(p * stride, stride), _norm[p]);
                _lattice.Filter(scaled.AsSpan(0, q.Length), filtered.AsSpan(0, q.Length), stride);
                for (var p = 0; p < _norm.Length; p++)
                    VectorMath.AddScaled(message.AsSpan(p * stride, stride), filtered.AsSpan(p * stride, stride), _weight * _norm[p]);
            }

            ArrayPool<float>.Shared.Return(scaled);
            ArrayPool<float>.Shared.Return(filtered);
        }
    }
}
