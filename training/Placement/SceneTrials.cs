using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Mini.Art;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Placement;

namespace FreeMask.Training.Placement;

/// <summary>
/// Trials of scenes that are rendered of art that no training sees, with and without an object: against its place stand places that the
/// scene's geometry refutes, floating ones, places over another object, sizes that are off by more than twice, and places in a scene that
/// offers nothing that it can rest on. The scene is known to the rules, as in a run.
/// </summary>
internal static class SceneTrials
{
    private const int Places = 6, Floating = 2, Covering = 1, OfOtherScene = 2, Sizes = 2, Tries = 20, PatchTries = 50;

    /// <summary>Draws trials; scenes that hardly show their object give none.</summary>
    /// <param name="art">The art; only its held-out part is used.</param>
    /// <param name="scenes">Number of scenes.</param>
    /// <param name="seed">Names the scenes and the other places.</param>
    internal static IEnumerable<PlacementTrial> Draw(ArtCatalog art, int scenes, ulong seed)
    {
        var renderer = PlacementMaterial.HeldOutArt(art, seed);
        for (var i = 0; i < scenes; i++)
        {
            var pair = renderer.Pair(i);
            if (SceneCase.Of(pair) is not { } scene) continue;
            var random = new CounterRandom(seed, i, 0, "scene-trial");
            if (Trial(pair, scene, i, Unsuitable(renderer, scene, i), random) is { Others.Count: > 0 } trial) yield return trial;
        }
    }

    /// <summary>
    /// A control: in place of the object a patch of the scene without it, with the outline of the object, is asked about, and the place
    /// that it was cut from counts as the true one. A model that knows no more of a place than what is plausible there cannot find it: the
    /// other places are drawn as the true one is, anywhere where the outline touches no object.
    /// </summary>
    /// <param name="art">The art; only its held-out part is used.</param>
    /// <param name="scenes">Number of scenes.</param>
    /// <param name="seed">Names the scenes and the places.</param>
    internal static IEnumerable<PlacementTrial> Patches(ArtCatalog art, int scenes, ulong seed)
    {
        var renderer = PlacementMaterial.HeldOutArt(art, seed);
        for (var i = 0; i < scenes; i++)
        {
            var pair = renderer.Pair(i);
            if (SceneCase.Of(pair) is not { } scene) continue;
            var random = new CounterRandom(seed, i, 0, "scene-patch");
            var free = FreePlaces(pair, random);
            if (free.Count == 0 || Cutout.Whole(pair.Without.Image, free[0], 1) is not { } patch) continue;
            var query = Query(pair, scene, patch, [(patch.Height, patch.Width)]);
            var (own, cut) = (PixelBox.Of(free[0], label => label != 0), patch.Source);
            OtherPlace[] others =
            [
                .. free
                    .Skip(1)
                    .Select(moved => PixelBox.Of(moved, label => label != 0))
                    .Select(box => cut with { X = cut.X + box.X - own.X, Y = cut.Y + box.Y - own.Y })
                    .Where(box => box.IoU(patch.Source) <= PlacementCase.MostOverlap)
                    .Take(Places)
                    .Select(box => new OtherPlace(PlacementEvaluation.Place, query, 0, box)),
            ];
            if (others.Length > 0) yield return new(i, query, patch.Source, others, random);
        }
    }

    private static PlacementTrial Trial(ScenePair pair, SceneCase scene, int number, ScenePair? unsuitable, CounterRandom random)
    {
        var places = new ScenePlaces(scene, random);
        var sizes = new List<(int Height, int Width)> { scene.SizeAt(1) };
        for (var n = 0; n < Sizes; n++) sizes.Add(scene.SizeAt(places.WrongFactor()));
        var query = Query(pair, scene, scene.Cutout, sizes);
        var others = new List<OtherPlace>();
        void Add(string kind, PlacementQuery of, int scale, PixelBox? box)
        {
            if (box is { } found) others.Add(new(kind, of, scale, found));
        }

        for (var n = 0; n < Places; n++) Add(PlacementEvaluation.Place, query, 0, places.Anywhere(sizes[0]));
        for (var n = 0; n < Floating; n++) Add(PlacementEvaluation.Floating, query, 0, places.Floating(sizes[0]));
        for (var n = 0; n < Covering; n++) Add(PlacementEvaluation.Covering, query, 0, places.Covering(sizes[0]));
        for (var k = 1; k < sizes.Count; k++) Add(PlacementEvaluation.Size, query, k, places.Own(sizes[k]));
        if (unsuitable is null) return new(number, query, scene.Truth, others, random);
        var elsewhere = Query(unsuitable, scene, scene.Cutout, [sizes[0]]);
        for (var n = 0; n < OfOtherScene; n++) Add(PlacementEvaluation.Scene, elsewhere, 0, places.Any(sizes[0]));
        return new(number, query, scene.Truth, others, random);
    }

    /// <summary>A later scene that offers nothing that the object can rest on; null where none was found.</summary>
    private static ScenePair? Unsuitable(SceneRenderer renderer, SceneCase scene, int number)
    {
        for (var n = 1; n <= Tries; n++)
            if (renderer.Pair(number + n) is var other && scene.IsOutOfPlaceIn(other.With.Kind)) return other;
        return null;
    }

    private static PlacementQuery Query(
        ScenePair pair, SceneCase scene, Cutout foreground, IReadOnlyList<(int Height, int Width)> sizes)
    {
        var without = pair.Without;
        var composed = new ComposedScene(
            new BackgroundSample(without.Image, without.Classes, (byte)without.Objects[0], without.Kind.Word()), ComposeOptions.Default);
        return new PlacementQuery
        {
            Background = composed.Image,
            Labels = composed.Classes,
            Scene = composed.Scene,
            Objects = composed.Objects,
            Perspective = composed.Perspective,
            ClassId = scene.ClassId,
            Foreground = foreground,
            Sizes = sizes,
        };
    }

    /// <summary>The outline of the object in random places where it touches no other object.</summary>
    private static List<LabelMap> FreePlaces(ScenePair pair, CounterRandom random)
    {
        var mask = pair.Mask;
        var box = PixelBox.Of(mask, label => label != 0);
        var free = new List<LabelMap>();
        for (var n = 0; n < PatchTries; n++)
        {
            var (left, top) = (1 + random.NextInt(mask.Width - box.Width - 1), 1 + random.NextInt(mask.Height - box.Height - 1));
            var moved = new LabelMap(mask.Width, mask.Height);
            var isFree = true;
            for (var y = 0; y < box.Height; y++)
                for (var x = 0; x < box.Width; x++)
                {
                    if (mask[box.X + x, box.Y + y] == 0) continue;
                    moved[left + x, top + y] = 1;
                    isFree &= pair.Without.Classes[left + x, top + y] == 0;
                }

            if (isFree) free.Add(moved);
        }

        return free;
    }
}
