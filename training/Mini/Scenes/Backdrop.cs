using FreeMask.Randomness;

namespace FreeMask.Training.Mini.Scenes;

/// <summary>
/// Paints the surroundings: large smooth shapes, few octaves of noise at low contrast and no pixel noise, so that a small autoencoder
/// spends its latents on shapes.
/// </summary>
internal sealed class Backdrop
{
    private readonly Canvas _canvas;
    private readonly CounterRandom _random;
    private readonly ValueNoise _noise;
    private readonly float _shiftX, _shiftY;

    private Backdrop(Canvas canvas, CounterRandom random)
    {
        _canvas = canvas;
        _random = random;
        _noise = new ValueNoise(random);
        (_shiftX, _shiftY) = (Uniform(0, 32), Uniform(0, 32));
        Horizon = (int)(Uniform(0.36f, 0.56f) * canvas.Side);
    }

    /// <summary>The row where the ground begins; the canvas' height when there is none.</summary>
    internal int Horizon { get; private set; }

    /// <summary>Paints one scene and returns the row of its horizon.</summary>
    internal static int Paint(Canvas canvas, SceneKind kind, CounterRandom random)
    {
        var backdrop = new Backdrop(canvas, random);
        backdrop.Paint(kind);
        return backdrop.Horizon;
    }

    private void Paint(SceneKind kind)
    {
        switch (kind)
        {
            case SceneKind.Grass:
                Sky(0.45f);
                if (Chance(0.5)) Hills(Vary(0.34f, 0.5f, 0.34f), Uniform(8, 24));
                Ground(Vary(0.28f, 0.5f, 0.17f), Vary(0.42f, 0.63f, 0.24f), 0.05f, 0.1f);
                break;
            case SceneKind.Road:
                Sky(0.45f);
                if (Chance(0.5)) Hills(Vary(0.45f, 0.52f, 0.5f), Uniform(8, 22));
                else Houses();
                Road();
                break;
            case SceneKind.Water:
                Sky(0.45f);
                if (Chance(0.3)) Hills(Vary(0.4f, 0.5f, 0.45f), Uniform(4, 12));
                Ground(Vary(0.12f, 0.38f, 0.56f), Vary(0.28f, 0.56f, 0.7f), 0.03f, 0.22f);
                break;
            case SceneKind.Sky:
                Horizon = _canvas.Side;
                Sky(0.6f);
                break;
            case SceneKind.Room:
                Room();
                break;
            case SceneKind.Snow:
                Sky(0.3f);
                if (Chance(0.6)) Hills(Vary(0.72f, 0.79f, 0.87f), Uniform(10, 26));
                Ground(Vary(0.84f, 0.88f, 0.94f, 0.02f), Vary(0.94f, 0.96f, 0.98f, 0.015f), 0.03f, 0.06f);
                break;
            case SceneKind.Sand:
                Sky(0.45f);
                if (Chance(0.4)) Hills(Vary(0.78f, 0.66f, 0.44f), Uniform(6, 20));
                Ground(Vary(0.8f, 0.68f, 0.45f, 0.03f), Vary(0.9f, 0.8f, 0.58f, 0.03f), 0.03f, 0.12f);
                break;
            default:
                Forest();
                break;
        }
    }

    private void Sky(float clouds)
    {
        var top = Vary(0.36f, 0.6f, 0.86f);
        var bottom = Vary(0.74f, 0.86f, 0.95f, 0.03f);
        var cloud = Vary(0.95f, 0.96f, 0.98f, 0.02f);
        var (scale, threshold) = (Uniform(0.018f, 0.028f), Uniform(0.5f, 0.64f));
        _canvas.Fill(0, 0, _canvas.Side, Horizon, (x, y) =>
        {
            var base_ = RgbColor.Mix(top, bottom, Math.Min(1, y / (float)Horizon));
            var density = (_noise.At(_shiftX + (x * scale), _shiftY + (y * scale * 1.8f), 3) - threshold) * 4;
            return RgbColor.Mix(base_, cloud, Math.Clamp(density, 0, clouds));
        });
    }

    private void Hills(RgbColor tone, float height)
    {
        for (var x = 0; x < _canvas.Side; x++)
        {
            var crest = Horizon - (int)(height * _noise.At(_shiftX + (x * 0.025f), _shiftY + 13, 2));
            for (var y = Math.Max(0, crest); y < Horizon; y++) _canvas[x, y] = tone;
        }
    }

    private void Houses()
    {
        for (var left = 0; left < _canvas.Side;)
        {
            var width = 14 + _random.NextInt(16);
            var height = 10 + _random.NextInt(Math.Max(1, Horizon - 16));
            var wall = Vary(0.66f, 0.6f, 0.55f, 0.08f);
            _canvas.Fill(left, Horizon - height, left + width, Horizon, (_, _) => wall);
            left += width + _random.NextInt(4);
        }
    }

    /// <summary>Ground between two tones, in stretched patches that grow towards the viewer.</summary>
    private void Ground(RgbColor dark, RgbColor bright, float scaleX, float scaleY)
    {
        var (horizon, side) = (Horizon, _canvas.Side);
        _canvas.Fill(0, horizon, side, side, (x, y) =>
        {
            var depth = (y - horizon + 6f) / (side - horizon + 6f);
            var far = 1.6f - depth;
            var patch = _noise.At(_shiftX + ((x - (side / 2)) * scaleX * far), _shiftY + (y * scaleY * far), 3);
            return RgbColor.Mix(dark, bright, Math.Clamp(((patch - 0.5f) * 1.4f) + 0.5f, 0, 1)) * (0.9f + (0.13f * depth));
        });
    }

    private void Road()
    {
        var (horizon, side) = (Horizon, _canvas.Side);
        var (grass, line) = (Vary(0.4f, 0.56f, 0.26f), Vary(0.9f, 0.88f, 0.8f, 0.02f));
        var verge = Uniform(0.1f, 0.2f);
        var middle = Uniform(0.5f, 0.62f);
        Ground(Vary(0.36f, 0.36f, 0.38f, 0.02f), Vary(0.46f, 0.46f, 0.48f, 0.02f), 0.05f, 0.08f);
        var phase = _random.NextInt(32);
        _canvas.Fill(0, horizon, side, side, (x, y) =>
        {
            var depth = (y - horizon + 1f) / (side - horizon);
            if (depth < verge) return grass;
            return Math.Abs(depth - middle) < 0.028f && (x + phase) % 32 < 18 ? line : _canvas[x, y];
        });
    }

    private void Room()
    {
        var side = _canvas.Side;
        Horizon = (int)(Uniform(0.5f, 0.68f) * side);
        var (wall, floor) = (Vary(0.78f, 0.73f, 0.66f, 0.1f), Vary(0.56f, 0.42f, 0.3f, 0.06f));
        var slope = Uniform(-0.0012f, 0.0012f);
        _canvas.Fill(
            0,
            0,
            side,
            Horizon,
            (x, y) => wall * (0.97f + (slope * (x - (side / 2))) + (0.04f * _noise.At(_shiftX + (x * 0.03f), _shiftY + (y * 0.03f), 2)))
        );
        if (Chance(0.5)) Image();
        var skirting = Vary(0.9f, 0.88f, 0.85f, 0.03f);
        _canvas.Fill(0, Horizon - 3, side, Horizon, (_, _) => skirting);
        var horizon = Horizon;
        _canvas.Fill(
            0,
            horizon,
            side,
            side,
            (x, y) => floor * (0.88f + (0.14f * _noise.At(_shiftX + (x * 0.03f), _shiftY + (y * 0.12f), 2)))
        );
    }

    private void Image()
    {
        int width = 24 + _random.NextInt(20), height = 18 + _random.NextInt(14);
        int left = 4 + _random.NextInt(_canvas.Side - width - 8), top = 4 + _random.NextInt(Math.Max(1, Horizon - height - 16));
        var (frame, inner) = (Vary(0.9f, 0.88f, 0.84f), Chance(0.5) ? Vary(0.62f, 0.8f, 0.93f) : Vary(0.5f, 0.52f, 0.5f, 0.15f));
        _canvas.Fill(left, top, left + width, top + height, (x, y) =>
            x - left < 3 || y - top < 3 || left + width - x <= 3 || top + height - y <= 3 ? frame : inner);
    }

    private void Forest()
    {
        var side = _canvas.Side;
        Horizon = (int)(Uniform(0.48f, 0.62f) * side);
        var (dark, bright) = (Vary(0.14f, 0.27f, 0.13f, 0.03f), Vary(0.34f, 0.5f, 0.24f));
        _canvas.Fill(
            0,
            0,
            side,
            Horizon + 8,
            (x, y) =>
                RgbColor.Mix(
                    dark,
                    bright,
                    Math.Clamp(
                        ((_noise.At(_shiftX + (x * 0.06f), _shiftY + (y * 0.06f), 3) - 0.5f) * 1.5f) + 0.55f - (0.3f * y / side),
                        0,
                        1
                    )
                )
        );
        var count = 3 + _random.NextInt(4);
        for (var i = 0; i < count; i++)
        {
            var (center, half) = (Uniform(0, side), Uniform(2.5f, 5.5f));
            var bark = Vary(0.34f, 0.24f, 0.16f);
            _canvas.Fill((int)(center - half), 0, (int)(center + half), Horizon + 2 + _random.NextInt(6), (_, _) => bark);
        }

        var horizon = Horizon;
        Ground(Vary(0.3f, 0.3f, 0.15f), Vary(0.42f, 0.44f, 0.22f), 0.05f, 0.1f);
        Horizon = horizon;
    }

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private float Uniform(float low, float high) => low + (_random.NextSingle() * (high - low));

    private RgbColor Vary(float red, float green, float blue, float spread = 0.045f)
    {
        var shared = Uniform(-spread, spread);
        return new RgbColor(
            red + shared + Uniform(-spread, spread) / 2,
            green + shared + Uniform(-spread, spread) / 2,
            blue + shared + Uniform(-spread, spread) / 2
        );
    }
}
