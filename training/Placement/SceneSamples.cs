using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Vision.Placement;

namespace FreeMask.Training.Placement;

/// <summary>
/// Samples of rendered scenes: the background is the scene rendered without the object, so that nothing shows where it was. Its own place
/// and those beside it are plausible at its own size; wrong are places that the scene's geometry refutes, floating ones, its own place at a
/// size that is off by more than twice, and any place in a scene that offers nothing that it can rest on. Every second scene is mirrored.
/// </summary>
internal sealed class SceneSamples : IPlacementSamples
{
    private const double WrongSize = 0.3, WrongScene = 0.15, Tolerance = 1.1;

    private const int Shifts = 3, Random = 3, Floating = 2, OfWrongScene = 6, Tries = 20;

    private readonly int _side;
    private readonly (SceneCase Case, RgbImage Background)[] _scenes;

    private SceneSamples(int side, (SceneCase, RgbImage)[] scenes) => (_side, _scenes) = (side, scenes);

    /// <inheritdoc/>
    public int Count => _scenes.Length;

    /// <summary>Renders scenes; those that hardly show their object are left out.</summary>
    /// <param name="renderer">Names the scenes.</param>
    /// <param name="count">How many.</param>
    /// <param name="side">Side of the network's inputs.</param>
    /// <param name="cancellation">Stops between two scenes.</param>
    internal static SceneSamples Render(SceneRenderer renderer, int count, int side, CancellationToken cancellation)
    {
        var scenes = new (SceneCase Case, RgbImage Background)?[count];
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            var pair = renderer.Pair(i);
            if (i % 2 == 1) pair = pair.Mirrored();
            if (SceneCase.Of(pair) is { } scene) scenes[i] = (scene, PlacementInputs.Squash(pair.Without.Image, side, side));
        });
        return new(side, [.. scenes.OfType<(SceneCase, RgbImage)>()]);
    }

    /// <inheritdoc/>
    public PlacementSample Draw(ulong seed, long number, string purpose)
    {
        var random = new CounterRandom(seed, number, 0, purpose);
        var (scene, background) = _scenes[random.NextInt(_scenes.Length)];
        var places = new ScenePlaces(scene, random);
        var kind = random.NextDouble();
        if (kind < WrongScene && Unsuitable(scene, random) is { } other)
        {
            var any = scene.SizeAt(Math.Pow(Tolerance, random.NextDouble(-1, 1)));
            return Sample(scene, any, other, [.. Wrong(() => places.Any(any), OfWrongScene)]);
        }

        var isWrong = kind >= 1 - WrongSize;
        var size = scene.SizeAt(isWrong ? places.WrongFactor() : Math.Pow(Tolerance, random.NextDouble(-1, 1)));
        if (!PlacementCase.IsInside(places.Own(size), scene.Side, scene.Side)) size = scene.SizeAt(1);
        var judged = new List<(PixelBox Box, bool IsPlausible)> { (places.Own(size), !isWrong) };
        if (!isWrong)
            for (var n = 0; n < Shifts; n++)
                if (places.Shifted(size) is { } beside) judged.Add((beside, true));
        judged.AddRange(Wrong(() => places.Anywhere(size), Random));
        judged.AddRange(Wrong(() => places.Floating(size), Floating));
        judged.AddRange(Wrong(() => places.Covering(size), 1));
        return Sample(scene, size, background, judged);
    }

    private static IEnumerable<(PixelBox Box, bool IsPlausible)> Wrong(Func<PixelBox?> draw, int count)
    {
        for (var n = 0; n < count; n++)
            if (draw() is { } box) yield return (box, false);
    }

    /// <summary>The background of a scene that offers nothing that the object can rest on; null where none was found.</summary>
    private RgbImage? Unsuitable(SceneCase scene, CounterRandom random)
    {
        for (var n = 0; n < Tries; n++)
        {
            var (other, background) = _scenes[random.NextInt(_scenes.Length)];
            if (scene.IsOutOfPlaceIn(other.Kind)) return background;
        }

        return null;
    }

    private PlacementSample Sample(
        SceneCase scene, (int Height, int Width) size, RgbImage background, List<(PixelBox Box, bool IsPlausible)> judged)
    {
        JudgedPlace At((PixelBox Box, bool IsPlausible) place)
        {
            var (row, column) = PlacementCase.CellOf(place.Box, scene.Side, scene.Side, (_side, _side));
            return new(row, column, place.IsPlausible);
        }

        return PlacementSample.Of(background, scene.Cutout, size, (scene.Side, scene.Side), [.. judged.Select(At)]);
    }
}
