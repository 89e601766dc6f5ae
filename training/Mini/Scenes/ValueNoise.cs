using FreeMask.Randomness;

namespace FreeMask.Training.Mini.Scenes;

/// <summary>Smooth value noise on a wrapping 32x32 lattice, summed over a few octaves.</summary>
internal sealed class ValueNoise
{
    private const int Side = 32;

    private readonly float[] _lattice = new float[Side * Side];

    internal ValueNoise(CounterRandom random)
    {
        for (var i = 0; i < _lattice.Length; i++) _lattice[i] = random.NextSingle();
    }

    /// <summary>Noise in [0, 1] (mean 0.5) at a point; each octave halves the amplitude and doubles the frequency.</summary>
    internal float At(float x, float y, int octaves)
    {
        float sum = 0, weight = 0, amplitude = 1;
        for (var octave = 0; octave < octaves; octave++)
        {
            sum += amplitude * Smooth(x, y);
            weight += amplitude;
            amplitude *= 0.5f;
            (x, y) = ((2 * x) + 17, (2 * y) + 31);
        }

        return sum / weight;
    }

    private float Smooth(float x, float y)
    {
        float floorX = MathF.Floor(x), floorY = MathF.Floor(y);
        float fx = x - floorX, fy = y - floorY;
        fx = fx * fx * (3 - (2 * fx));
        fy = fy * fy * (3 - (2 * fy));
        int left = (int)floorX & (Side - 1), right = (left + 1) & (Side - 1);
        int top = ((int)floorY & (Side - 1)) * Side, bottom = (((int)floorY + 1) & (Side - 1)) * Side;
        var upper = _lattice[top + left] + ((_lattice[top + right] - _lattice[top + left]) * fx);
        var lower = _lattice[bottom + left] + ((_lattice[bottom + right] - _lattice[bottom + left]) * fx);
        return upper + ((lower - upper) * fy);
    }
}
