using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>
/// Places by rules: what the class rests on (<see cref="SceneRules"/>), the size that fits beside the objects present
/// (<see cref="ScenePerspective"/>, or <see cref="ObjectSizes"/> where the scene is not known), people's judgement of scales
/// (<see cref="PlacementPrior"/>), and room left by the objects present.
/// score = exp(-ln^2(h / h') / 2 s^2) P(plausible | scale) / P_max exp(-3 covered), 0 where the class has nothing to rest on.
/// </summary>
internal sealed class RuleScorer : IPlacementScorer
{
    private const int Cells = 48, ScaleCount = 16;
    private const double SmallestScale = 0.07, LargestScale = 0.9;
    private const double SizeSpread = 0.25, PerspectiveSpread = 0.2, SharpnessSpread = 0.35, CoverPenalty = 3;
    private const double LeastHeight = 0.12, MostHeight = 0.7;

    /// <summary>Sixteen scales from 0.07 to 0.9 in equal ratios.</summary>
    public IReadOnlyList<double> Scales { get; } =
        [.. Enumerable.Range(0, ScaleCount).Select(i => SmallestScale * Math.Pow(LargestScale / SmallestScale, i / (ScaleCount - 1.0)))];

    /// <inheritdoc/>
    public PlacementScores Score(PlacementQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var rule = SceneRules.Of(query.Scene);
        var surfaces = rule.Surfaces & query.Classes[query.ClassId].Supports;
        var horizon = query.Perspective?.Ground
            ?? HorizonFinder.Find(query.Background, query.Labels, rule, query.Objects, query.Classes);
        var taken = new OccupiedArea(query.Labels);
        return new([.. query.Sizes.Select(size => Map(query, size, surfaces, horizon, taken))], PartsOf);

        IReadOnlyList<ScorePart> PartsOf(PlacementCandidate place)
        {
            var size = query.Sizes[place.Scale];
            var height = (double)size.Height / query.Background.Height;
            return
            [
                new ScorePart("fit", Rest(query, surfaces, horizon, height, Bottom(query, size, place.Row))),
                new ScorePart("plausible", Prior(query, size)),
                new ScorePart("sharpness", Sharpness(query.Foreground, size)),
                new ScorePart("room", Room(query, size, taken, place.Row, place.Column)),
            ];
        }
    }

    private static FloatMap Map(
        PlacementQuery query,
        (int Height, int Width) size,
        SupportSurfaces surfaces,
        double horizon,
        OccupiedArea taken
    )
    {
        var map = new FloatMap(Cells, Cells);
        var fixedPart = Prior(query, size) * Sharpness(query.Foreground, size);
        var height = (double)size.Height / query.Background.Height;
        for (var row = 0; row < Cells; row++)
        {
            var rest = fixedPart * Rest(query, surfaces, horizon, height, Bottom(query, size, row));
            if (rest <= 0) continue;
            for (var column = 0; column < Cells; column++) map[column, row] = (float)(rest * Room(query, size, taken, row, column));
        }

        return map;
    }

    /// <summary>How plausible people find the scale, against the most plausible one.</summary>
    private static double Prior(PlacementQuery query, (int Height, int Width) size)
    {
        var scale = Math.Max((double)size.Width / query.Background.Width, (double)size.Height / query.Background.Height);
        return PlacementPrior.Plausible(scale) / PlacementPrior.Plausible(1);
    }

    /// <summary>The lower edge of an object whose center is in a row of cells, in image heights from the top.</summary>
    private static double Bottom(PlacementQuery query, (int Height, int Width) size, int row) =>
        ((double)row / Cells) + (size.Height / 2.0 / query.Background.Height);

    /// <summary>1 where a box covers no labeled pixel; falls with the share that it would cover.</summary>
    private static double Room(PlacementQuery query, (int Height, int Width) size, OccupiedArea taken, int row, int column)
    {
        var box = new PixelBox(
            (column * query.Background.Width / Cells) - (size.Width / 2),
            (row * query.Background.Height / Cells) - (size.Height / 2),
            size.Width,
            size.Height
        );
        return Math.Exp(-CoverPenalty * taken.ShareOf(box));
    }

    /// <summary>How well height and lower edge (image heights) suit the surfaces: the best of standing and flying.</summary>
    private static double Rest(PlacementQuery query, SupportSurfaces surfaces, double horizon, double height, double bottom)
    {
        // A hair below the horizon: the far edge of the ground is no place to stand on.
        const double margin = 0.02;
        var best = 0.0;
        var standing = surfaces & ~SupportSurfaces.Air;
        if (standing != SupportSurfaces.None && bottom >= horizon + margin) best = StandingFit(query, height, bottom);
        if (surfaces.HasFlag(SupportSurfaces.Air) && bottom <= horizon) best = Math.Max(best, SizeFit(height, FlyingHeight(query)));
        return best;
    }

    /// <summary>Perspective decides where it is known; what people photograph decides elsewhere.</summary>
    private static double StandingFit(PlacementQuery query, double height, double bottom)
    {
        var (top, end) = query.Foreground.Solid;
        if (query.Perspective?.Off(query.ClassId, height * (end - top), bottom - (height * (1 - end))) is not { } off)
            return SizeFit(height, StandingHeight(query, bottom));
        return Math.Exp(-off * off / (2 * PerspectiveSpread * PerspectiveSpread));
    }

    private static double StandingHeight(PlacementQuery query, double bottom)
    {
        var item = query.Classes[query.ClassId];
        if (item.Metres is not { } metres) return OwnHeight(query) * ObjectSizes.Depth(bottom, query.Foreground.BottomInImage);
        var beside = Largest(
            query,
            o => SceneRules.Stands(query.Classes[o.ClassId]) && !o.Cut.HasFlag(BorderSides.Bottom) && !o.Cut.HasFlag(BorderSides.Top)
        );
        var h = query.Background.Height;
        return beside is null
            ? ObjectSizes.Expected(metres, bottom)
            : ObjectSizes.Expected(
                metres,
                bottom,
                query.Classes[beside.ClassId].Metres!.Value,
                (double)beside.Box.Height / h,
                (double)beside.Box.Bottom / h
            );
    }

    private static double FlyingHeight(PlacementQuery query)
    {
        // In the air the lower edge says nothing about distance.
        const double usualBottom = 0.7;
        if (query.Classes[query.ClassId].Metres is not { } metres) return OwnHeight(query);
        var beside = Largest(query, o => !SceneRules.Stands(query.Classes[o.ClassId]));
        return beside is null
            ? ObjectSizes.Expected(metres, usualBottom)
            : ObjectSizes.Expected(
                metres,
                0,
                query.Classes[beside.ClassId].Metres!.Value,
                (double)beside.Box.Height / query.Background.Height,
                0
            );
    }

    /// <summary>The size that an object has in its own picture: all that is known where nobody said how tall its class is.</summary>
    private static double OwnHeight(PlacementQuery query) => query.Foreground.HeightInImage;

    private static PlacedObject? Largest(PlacementQuery query, Func<PlacedObject, bool> which) =>
        query.Objects.Where(o => query.Classes[o.ClassId].Metres is not null && which(o)).MaxBy(o => (long)o.Box.Width * o.Box.Height);

    private static double SizeFit(double height, double expected)
    {
        var off = Math.Log(height / Math.Clamp(expected, LeastHeight, MostHeight)) / SizeSpread;
        return Math.Exp(-off * off / 2);
    }

    /// <summary>1 for objects that shrink; falls quickly for those that must be enlarged, which would look blurred.</summary>
    private static double Sharpness(Cutout foreground, (int Height, int Width) size)
    {
        var enlarged = Math.Log((double)size.Height / foreground.Height);
        return enlarged <= 0 ? 1 : Math.Exp(-enlarged * enlarged / (2 * SharpnessSpread * SharpnessSpread));
    }

    /// <summary>Which share of the labeled pixels a box would cover, by running sums.</summary>
    private sealed class OccupiedArea
    {
        private readonly int[,] _sums;

        internal OccupiedArea(LabelMap labels)
        {
            _sums = new int[labels.Height + 1, labels.Width + 1];
            for (var y = 0; y < labels.Height; y++)
                for (var x = 0; x < labels.Width; x++)
                    _sums[y + 1, x + 1] =
                    _sums[y, x + 1] + _sums[y + 1, x] - _sums[y, x] + (labels[x, y] is LabelMap.Background or LabelMap.Ignore ? 0 : 1);
        }

        internal double ShareOf(PixelBox box)
        {
            int height = _sums.GetLength(0) - 1, width = _sums.GetLength(1) - 1;
            if (_sums[height, width] == 0) return 0;
            int left = Math.Clamp(box.X, 0, width), right = Math.Clamp(box.Right, 0, width);
            int top = Math.Clamp(box.Y, 0, height), bottom = Math.Clamp(box.Bottom, 0, height);
            return (double)(_sums[bottom, right] - _sums[top, right] - _sums[bottom, left] + _sums[top, left]) / _sums[height, width];
        }
    }
}
