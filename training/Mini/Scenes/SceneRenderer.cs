using FreeMask.Randomness;
using FreeMask.Training.Mini.Art;

namespace FreeMask.Training.Mini.Scenes;

/// <summary>
/// Renders scenes from the art. Scene n depends on the seed and n alone: nothing needs to be stored, and any worker can render any scene.
/// Calls may run in parallel.
/// </summary>
/// <param name="art">The images.</param>
/// <param name="seed">Names the endless series of scenes.</param>
/// <param name="heldOut">Whether objects are drawn from the held-out art instead of the training art.</param>
internal sealed class SceneRenderer(ArtCatalog art, ulong seed, bool heldOut)
{
    /// <summary>Width and height of every scene in pixels.</summary>
    public const int Side = 128;

    private const int PlacementAttempts = 24;
    private const double LargestOverlap = 0.2;

    /// <summary>Side of an object as a share of the image's; training sees smaller and larger ones than the held-out set holds.</summary>
    private readonly (double Smallest, double Largest) _size = heldOut ? (0.39, 0.62) : (0.32, 0.66);

    /// <summary>How far from the middle a single object may stand, in pixels.</summary>
    private readonly double _spread = heldOut ? 10 : 20;

    private readonly ColorVariety _colors = heldOut ? ColorVariety.Original : ColorVariety.Wide;

    private readonly IReadOnlyList<Sprite>[] _sprites = [.. Enumerable.Range(0, 21).Select(id => art.OfClass(id, heldOut))];

    /// <summary>The classes that there is art of, in order.</summary>
    public IReadOnlyList<int> Classes { get; } = [.. Enumerable.Range(1, 20).Where(id => art.OfClass(id, heldOut).Count > 0)];

    /// <summary>
    /// Scene <paramref name="index"/> with one object of a class, fully visible, filling about 15 to 38 % of the image (10 to 44 % in
    /// training).
    /// </summary>
    public Scene Single(long index, int classId)
    {
        var random = new CounterRandom(seed, index, 0, "single-scene");
        var kind = SceneKinds.Draw(classId, random);
        var area = Math.Pow(random.NextDouble(_size.Smallest, _size.Largest), 2);
        return Render(kind, random, horizon => [Placement.Draw(Pick(classId, random), area, kind, horizon, _spread, random)]);
    }

    /// <summary>Scene <paramref name="index"/> with one object of any class, all classes equally often.</summary>
    public Scene Single(long index) => Single(index, 1 + new CounterRandom(seed, index, 0, "single-class").NextInt(20));

    /// <summary>Scene <paramref name="index"/> without an object.</summary>
    public Scene Empty(long index)
    {
        var random = new CounterRandom(seed, index, 0, "empty-scene");
        return Render((SceneKind)random.NextInt(SceneKinds.Count), random, _ => []);
    }

    /// <summary>
    /// Scene <paramref name="index"/> with one to three objects that suit the place; one of them is of class <paramref name="classId"/>.
    /// At most a fifth of an object's box is covered by another's.
    /// </summary>
    public Scene Multiple(long index, int classId)
    {
        var random = new CounterRandom(seed, index, 0, "multiple-scene");
        var kind = SceneKinds.Draw(classId, random);
        var wanted = 1 + random.NextInt(3);
        return Render(kind, random, horizon =>
        {
            var placed = new List<Placement>();
            for (var attempt = 0; attempt < PlacementAttempts && placed.Count < wanted; attempt++)
            {
                var chosen = placed.Count == 0 ? classId : Companion(kind, random);
                var area = Math.Pow(random.NextDouble(0.22, wanted == 1 ? 0.6 : 0.42), 2);
                var candidate = Placement.Draw(Pick(chosen, random), area, kind, horizon, spread: 40, random);
                if (placed.TrueForAll(other => other.Overlap(candidate) <= LargestOverlap)) placed.Add(candidate);
            }

            return [.. placed.OrderBy(placement => placement.Bottom)];
        });
    }

    /// <summary>
    /// Scene <paramref name="index"/> of two or three objects whose sizes suit each other and their places
    /// (<see cref="PerspectivePlacements"/>), and the same scene without one of them. All kinds of surroundings are equally frequent.
    /// </summary>
    public ScenePair Pair(long index)
    {
        for (var attempt = 0; ; attempt++)
        {
            var random = new CounterRandom(seed, index, attempt, "scene-pair");
            var kind = (SceneKind)random.NextInt(SceneKinds.Count);
            var canvas = new Canvas(Side);
            var horizon = Backdrop.Paint(canvas, kind, random);
            if (PerspectivePlacements.Draw(kind, horizon, _sprites, random) is not { } drawn) continue;
            var (with, without) = (new SpritePainter(canvas, _colors), new SpritePainter(canvas.Copy(), _colors));
            Placement[] all = [.. drawn.Others.Append(drawn.Object).OrderBy(placement => placement.Bottom)];
            Placement[] others = [.. all.Where(placement => placement != drawn.Object)];
            foreach (var placement in all)
            {
                var look = with.Draw(placement, kind, random);
                with.Paint(placement, (byte)(Array.IndexOf(all, placement) + 1), look);
                if (placement != drawn.Object) without.Paint(placement, (byte)(Array.IndexOf(others, placement) + 1), look);
            }

            var (blur, brightness) = Development(random);
            return new ScenePair(
                Develop(with, kind, all, blur, brightness),
                Develop(without, kind, others, blur, brightness),
                Array.IndexOf(all, drawn.Object),
                drawn.Flies,
                horizon
            );
        }
    }

    private Scene Render(SceneKind kind, CounterRandom random, Func<int, IReadOnlyList<Placement>> place)
    {
        var canvas = new Canvas(Side);
        var horizon = Backdrop.Paint(canvas, kind, random);
        var placements = place(horizon);
        var painter = new SpritePainter(canvas, _colors);
        for (var i = 0; i < placements.Count; i++)
            painter.Paint(placements[i], (byte)(i + 1), painter.Draw(placements[i], kind, random));
        var (blur, brightness) = Development(random);
        return Develop(painter, kind, placements, blur, brightness);
    }

    private static (float Blur, float Brightness) Development(CounterRandom random) =>
        (random.NextSingle() * 0.05f, 0.92f + (random.NextSingle() * 0.14f));

    private static Scene Develop(
        SpritePainter painter, SceneKind kind, IReadOnlyList<Placement> placements, float blur, float brightness) =>
        new(
            painter.Canvas.Develop(blur, brightness),
            painter.Classes,
            painter.Instances,
            kind,
            [.. placements.Select(placement => placement.Sprite.ClassId)],
            [.. placements.Select(placement => placement.Sprite.Name)]
        );

    private Sprite Pick(int classId, CounterRandom random) => _sprites[classId][random.NextInt(_sprites[classId].Count)];

    private int Companion(SceneKind kind, CounterRandom random)
    {
        while (true)
        {
            var classId = 1 + random.NextInt(20);
            if (SceneKinds.Suits(classId, kind) && _sprites[classId].Count > 0) return classId;
        }
    }
}
