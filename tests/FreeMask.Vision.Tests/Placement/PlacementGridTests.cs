using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Tensors;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Vision.Tests.Placement;

public sealed class PlacementGridTests
{
    [Fact]
    public void Places_equal_the_reference()
    {
        var file = SafetensorsFile.Load(Fixtures.Path("composition", "golden.safetensors"));
        using var notes = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("composition", "golden.json")));
        var places = notes.RootElement.GetProperty("places");
        int height = places.GetProperty("background")[0].GetInt32(), width = places.GetProperty("background")[1].GetInt32();
        var shape = file["places.heat"].Shape;
        int h = (int)shape[1], w = (int)shape[2];
        var values = file["places.heat"].ToSingles();
        var heat = Enumerable.Range(0, (int)shape[0]).Select(k => new FloatMap(w, h, values[(k * h * w)..((k + 1) * h * w)])).ToArray();
        var sizes = file["places.sizes"].ToInt64s().Chunk(2).Select(s => ((int)s[0], (int)s[1])).ToArray();

        var best = PlacementGrid.Best(heat, sizes, width, height, places.GetProperty("top").GetInt32());

        Assert.Equal(file["places.cells"].ToInt64s(), best.SelectMany(p => new long[] { p.Scale, p.Row, p.Column }));
        Assert.Equal(file["places.boxes"].ToInt64s(), best.SelectMany(p => new long[] { p.Box.X, p.Box.Y, p.Box.Width, p.Box.Height }));
    }

    [Fact]
    public void Sizes_keep_the_aspect_and_fill_the_tighter_side()
    {
        var sizes = PlacementGrid.Sizes([0.5], 100, 50, 400, 300);
        Assert.Equal((100, 200), sizes[0]);
        sizes = PlacementGrid.Sizes([0.5], 50, 100, 400, 300);
        Assert.Equal((150, 75), sizes[0]);
    }

    [Fact]
    public void Draws_follow_the_scores_and_skip_what_is_excluded()
    {
        var map = new FloatMap(4, 4);
        map[1, 1] = 1;
        map[2, 2] = 3;
        map[0, 0] = 100; // too near to the border for an object of half the image
        var drawn = PlacementGrid.Draw([map], [(50, 50)], 100, 100, 4000, new CounterRandom(1, "draw"));
        var share = drawn.Count(p => (p.Column, p.Row) == (2, 2)) / 4000.0;
        Assert.InRange(share, 0.72, 0.78);
        Assert.All(drawn, p => Assert.True(p.Column is 1 or 2));
        Assert.Empty(PlacementGrid.Draw([new FloatMap(4, 4)], [(50, 50)], 100, 100, 4, new CounterRandom(1, "draw")));
    }

    [Fact]
    public void Distinct_places_are_the_best_that_overlap_little_over_all_scales()
    {
        // Two peaks; beside the first a second best cell, and the same place at another scale.
        var (small, large) = (new FloatMap(10, 10), new FloatMap(10, 10));
        small[3, 3] = 0.9f;
        small[4, 3] = 0.8f;
        large[3, 3] = 0.85f;
        large[7, 7] = 0.6f;
        small[0, 0] = 1; // too near to the border
        var places = PlacementGrid.Distinct([small, large], [(20, 20), (24, 24)], 100, 100, 8, 0.3);
        Assert.Equal([(0, 3, 3), (1, 7, 7)], places.Select(p => (p.Scale, p.Row, p.Column)));
        Assert.Equal([0.9f, 0.6f], places.Select(p => p.Score));
        Assert.Single(PlacementGrid.Distinct([small, large], [(20, 20), (24, 24)], 100, 100, 1, 0.3));
        var all = PlacementGrid.Distinct([small, large], [(20, 20), (24, 24)], 100, 100, 8, 1);
        Assert.Equal([0.9f, 0.85f, 0.8f, 0.6f], all.Select(p => p.Score));
        Assert.Empty(PlacementGrid.Distinct([new FloatMap(4, 4)], [(20, 20)], 100, 100, 8, 0.3));
    }

    [Fact]
    public void An_object_smaller_than_a_cell_keeps_the_whole_map()
    {
        var map = new FloatMap(4, 4);
        map[0, 0] = map[3, 3] = 0.5f;
        Assert.Equal(2, PlacementGrid.Distinct([map], [(2, 2)], 100, 100, 8, 0.3).Count);
    }

    [Fact]
    public void The_scale_prior_is_the_count_of_the_labels()
    {
        using var rows = JsonDocument.Parse(File.ReadAllText(Fixtures.Data("placement", "opa-train-pairs.json")));
        var edges = PlacementPrior.Table.Select(b => b.Edge).ToArray();
        var plausible = new int[edges.Length];
        var all = new int[edges.Length];
        foreach (var row in rows.RootElement.EnumerateArray())
        {
            var scale = double.Parse(row.GetProperty("scale").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
            var bin = Array.FindLastIndex(edges, e => scale >= e);
            plausible[bin] += row.GetProperty("pos_label").GetArrayLength();
            all[bin] += row.GetProperty("pos_label").GetArrayLength() + row.GetProperty("neg_label").GetArrayLength();
        }

        Assert.Equal(62_074, all.Sum());
        for (var i = 0; i < edges.Length; i++) Assert.Equal((double)plausible[i] / all[i], PlacementPrior.Table[i].Plausible, 12);
        Assert.Equal(1, PlacementPrior.Table.Sum(b => b.Share), 9);
    }

    [Fact]
    public void Nearer_and_taller_things_are_expected_larger()
    {
        double bird = LabelSet.Voc[3].Metres!.Value, bus = LabelSet.Voc[6].Metres!.Value;
        Assert.True(ObjectSizes.Expected(bird, 0.8) < ObjectSizes.Expected(bus, 0.8));
        Assert.True(ObjectSizes.Expected(bus, 0.6) < ObjectSizes.Expected(bus, 0.9));
        Assert.Equal(0.4, ObjectSizes.Expected(bus, 0.7, bus, 0.4, 0.7), 9);
    }
}
