using FreeMask.Vision.Imaging;

namespace FreeMask.Vision.Affinity;

/// <summary>Settings of <see cref="DenseCrf"/>.</summary>
public sealed record DenseCrfOptions
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
/// normalisation of pydensecrf).
/// </summary>
public sealed class DenseCrf
{
    // A soft map is never taken as certain, so that the picture can still speak.
    private const float Certainty = 0.98f;

    private readonly int _width, _height;
    private readonly DenseCrfOptions _options;
    private readonly List<Kernel> _kernels = [];

    /// <summary>Builds the kernels of a picture; they serve any number of maps.</summary>
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
        PixelGrid.RequireLength(unary, classes * pixels, nameof(unary));
        // Pixel-major inside: all classes of a pixel are moved at once.
        var energy = Transpose(unary, classes, pixels);
        var q = new float[energy.Length];
        for (var i = 0; i < q.Length; i++) q[i] = -energy[i];
        Softmax(q, classes);
        var message = new float[q.Length];
        var next = new float[q.Length];
        for (var step = 0; step < _options.Iterations; step++)
        {
            for (var i = 0; i < next.Length; i++) next[i] = -energy[i];
            foreach (var kernel in _kernels)
            {
                kernel.Apply(q, message, classes);
                for (var i = 0; i < next.Length; i++) next[i] += kernel.Weight * message[i];
            }

            Softmax(next, classes);
            (q, next) = (next, q);
        }

        return Transpose(q, pixels, classes);
    }

    /// <summary>Object against background from a soft map in 0..1 of the picture's size.</summary>
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

    // From rows x columns to columns x rows.
    private static float[] Transpose(float[] values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++) result[(c * rows) + r] = values[(r * columns) + c];
        return result;
    }

    private static void Softmax(float[] values, int classes)
    {
        for (var at = 0; at < values.Length; at += classes)
        {
            var row = values.AsSpan(at, classes);
            var highest = float.NegativeInfinity;
            foreach (var value in row) highest = Math.Max(highest, value);
            var sum = 0f;
            foreach (ref var value in row) sum += value = MathF.Exp(value - highest);
            foreach (ref var value in row) value /= sum;
        }
    }

    private sealed class Kernel
    {
        private readonly PermutohedralLattice _lattice;
        private readonly float[] _norm;

        internal Kernel(float[] features, int dimensions, float weight)
        {
            Weight = weight;
            _lattice = new PermutohedralLattice(features, dimensions);
            _norm = new float[features.Length / dimensions];
            var ones = new float[_norm.Length];
            ones.AsSpan().Fill(1);
            _lattice.Filter(ones, _norm, 1);
            for (var i = 0; i < _norm.Length; i++) _norm[i] = 1 / MathF.Sqrt(_norm[i] + 1e-20f);
        }

        internal float Weight { get; }

        internal void Apply(float[] q, float[] result, int classes)
        {
            var scaled = new float[q.Length];
            for (int p = 0, i = 0; p < _norm.Length; p++)
                for (var c = 0; c < classes; c++, i++) scaled[i] = q[i] * _norm[p];
            _lattice.Filter(scaled, result, classes);
            for (int p = 0, i = 0; p < _norm.Length; p++)
                for (var c = 0; c < classes; c++, i++) result[i] *= _norm[p];
        }
    }
}
