using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Vision.Placement;

/// <summary>Draws places from a scorer's heat maps, tries them with true outlines, and takes one of the best.</summary>
internal static class PlacementSearch
{
    /// <summary>How many of the places that were tried are told.</summary>
    internal const int Listed = 10;

    // Two candidates of a model whose boxes overlap more are one place.
    private const double MostOverlap = 0.5;

    private static readonly RuleScorer Rules = new();

    /// <summary>A place whose box lies inside the image and which leaves enough of every object visible, or null.</summary>
    internal static PlacementChoice? Find(ComposedScene scene, Cutout cutout, byte classId, ComposeOptions options, CounterRandom random)
    {
        var scorer = options.Scorer ?? Rules;
        var sizes = PlacementGrid.Sizes(scorer.Scales, cutout.Width, cutout.Height, scene.Width, scene.Height);
        var query = new PlacementQuery
        {
            Background = scene.Image,
            Labels = scene.Classes,
            Scene = scene.Scene,
            Objects = scene.Objects,
            ClassId = classId,
            Classes = options.Classes,
            Foreground = cutout,
            Sizes = sizes,
            Perspective = options.AnyPlace ? null : scene.Perspective,
        };
        var scores = scorer.Score(query);
        var heat = scores.Maps;
        if (query.Perspective is { } perspective) heat = [.. heat.Select((map, k) => Possible(map, query, perspective, sizes[k]))];
        if (cutout.Cut != BorderSides.None) heat = [.. heat.Select((map, k) => Flush(map, sizes[k], cutout.Cut, scene))];

        var outlines = new Sprite?[sizes.Count];
        var good = new List<TriedPlace>();
        foreach (var drawn in Candidates(scorer.Selection, heat, sizes, scene, options, random))
        {
            var place = drawn with { Box = Settle(drawn.Box, cutout.Cut, scene) };
            if (scene.Objects.Any(o => o.Box.IoU(place.Box) > options.MaxIoU) || !Fits(query, place.Box)) continue;
            var outline = outlines[place.Scale] ??= Sprite.Outline(cutout, place.Box.Width, place.Box.Height);
            var visible = LeastVisible(scene, outline, place.Box, query, options);
            if (visible >= options.MinVisible)
                good.Add(new TriedPlace(place with { Score = (float)(place.Score * visible) }, [new ScorePart("visible", visible)]));
        }

        if (good.Count == 0) return null;
        var best = good.OrderByDescending(p => p.Place.Score).Take(Math.Max(options.TopK, Listed)).ToArray();
        var chosen = random.NextInt(Math.Min(best.Length, options.TopK));
        var explained = best.Select(p => p with { Parts = [.. scores.PartsOf?.Invoke(p.Place) ?? [], .. p.Parts] });
        return new PlacementChoice([.. explained], chosen);
    }

    private static IEnumerable<PlacementCandidate> Candidates(
        CandidateSelection selection,
        IReadOnlyList<FloatMap> heat,
        IReadOnlyList<(int Height, int Width)> sizes,
        ComposedScene scene,
        ComposeOptions options,
        CounterRandom random
    ) =>
        selection == CandidateSelection.Best
            ? PlacementGrid.Distinct(heat, sizes, scene.Width, scene.Height, options.Candidates, MostOverlap)
            : PlacementGrid
                .Draw(heat, sizes, scene.Width, scene.Height, options.Candidates, random)
                .DistinctBy(p => (p.Scale, p.Row, p.Column));

    /// <summary>Keeps only the rows at which height and lower edge suit the scene and what is in it.</summary>
    private static FloatMap Possible(FloatMap map, PlacementQuery query, ScenePerspective perspective, (int Height, int Width) size)
    {
        var kept = new FloatMap(map.Width, map.Height);
        var imageHeight = (double)query.Background.Height;
        for (var y = 0; y < map.Height; y++)
        {
            var (height, bottom) = SolidOf(query.Foreground, size.Height, ((double)y / map.Height * imageHeight) - (size.Height / 2.0));
            if (!perspective.Fits(query.ClassId, height / imageHeight, bottom / imageHeight)) continue;
            for (var x = 0; x < map.Width; x++) kept[x, y] = map[x, y];
        }

        return kept;
    }

    private static bool Fits(PlacementQuery query, PixelBox box)
    {
        var (height, bottom) = SolidOf(query.Foreground, box.Height, box.Y);
        return query.Perspective?.Fits(query.ClassId, height / query.Background.Height, bottom / query.Background.Height) ?? true;
    }

    /// <summary>Height and lower edge of the solid part of an object, in pixels.</summary>
    private static (double Height, double Bottom) SolidOf(Cutout cutout, int height, double top) =>
        ((cutout.Solid.Bottom - cutout.Solid.Top) * height, top + (cutout.Solid.Bottom * height));

    /// <summary>Keeps only the cells at which the cut sides lie at the image's border.</summary>
    private static FloatMap Flush(FloatMap map, (int Height, int Width) size, BorderSides cut, ComposedScene scene)
    {
        var halfRows = (int)((double)size.Height / scene.Height * map.Height / 2);
        var halfColumns = (int)((double)size.Width / scene.Width * map.Width / 2);
        var kept = new FloatMap(map.Width, map.Height);
        for (var y = 0; y < map.Height; y++)
        {
            for (var x = 0; x < map.Width; x++)
            {
                var flush = (!cut.HasFlag(BorderSides.Bottom) || y == map.Height - halfRows - 1)
                    && (!cut.HasFlag(BorderSides.Left) || x == halfColumns)
                    && (!cut.HasFlag(BorderSides.Right) || x == map.Width - halfColumns - 1);
                if (flush) kept[x, y] = map[x, y];
            }
        }

        return kept;
    }

    /// <summary>Cells are coarse: moves the box inside the image, and cut sides onto the border.</summary>
    private static PixelBox Settle(PixelBox box, BorderSides cut, ComposedScene scene)
    {
        var x =
            cut.HasFlag(BorderSides.Left) ? 0
            : cut.HasFlag(BorderSides.Right) ? scene.Width - box.Width
            : Math.Clamp(box.X, 0, scene.Width - box.Width);
        var y = cut.HasFlag(BorderSides.Bottom) ? scene.Height - box.Height : Math.Clamp(box.Y, 0, scene.Height - box.Height);
        return box with { X = x, Y = y };
    }

    /// <summary>The least visible share over all objects if this one came in; 0 if one that is pasted would be too small to see, or if what
    /// one stands on would be hidden.</summary>
    private static double LeastVisible(
        ComposedScene scene,
        Sprite outline,
        PixelBox box,
        PlacementQuery query,
        ComposeOptions options
    )
    {
        var layers = Layer.Sort(scene.Layers.Append(
            new Layer(outline, box.X, box.Y, query.ClassId, (byte)scene.NextInstance, scene.NextInstance, IsOwn: false)));
        var counts = Layer.Visibility(layers, scene.Width, scene.Height);
        var footing = Footing.Visible(layers, scene.Width, scene.Height);
        var least = 1.0;
        for (var n = 0; n < layers.Count; n++)
        {
            if (!layers[n].IsOwn && counts[n].Visible < options.MinArea * scene.Width * scene.Height) return 0;
            var flies = !SceneRules.Stands(query.Classes[layers[n].ClassId])
                && layers[n].Contact <= (query.Perspective?.Ground ?? 1) * scene.Height;
            if (!options.AnyPlace && !flies && footing[n] < (layers[n].IsOwn ? options.MinOwnFooting : options.MinFooting)) return 0;
            if (counts[n].Solid > 0) least = Math.Min(least, (double)counts[n].Visible / counts[n].Solid);
        }

        return least;
    }
}
