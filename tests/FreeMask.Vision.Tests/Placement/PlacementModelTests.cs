using FreeMask.Files;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Vision.Tests.Placement;

public sealed class PlacementModelTests : IDisposable
{
    private const int Side = 32;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_scale_has_a_map_and_the_best_place_is_where_the_model_says()
    {
        using var model = Load(PlacementGraphs.Peak(Side, (20, 12)));
        var query = Query(model.Scales);
        var maps = model.Score(query).Maps;
        Assert.Equal(16, model.Scales.Count);
        Assert.Equal(16, maps.Count);
        Assert.All(maps, map => Assert.Equal((Side, Side), (map.Width, map.Height)));
        Assert.All(maps, map => Assert.True(map[12, 20] > map[13, 20] && map[12, 20] > map[12, 5]));
        // The larger object has the larger mask.
        Assert.True(maps[5][12, 20] > maps[1][12, 20]);
        var best = PlacementGrid.Distinct(maps, query.Sizes, 96, 64, 1, 0.5).Single();
        Assert.InRange(best.Row, 16, 20);
    }

    [Fact]
    public void Batches_of_one_background_a_fixed_number_or_any_number_give_the_same()
    {
        using var any = Load(PlacementGraphs.Peak(Side, (20, 12)));
        using var shared = Load(PlacementGraphs.Peak(Side, (20, 12), "n", 1));
        using var single = Load(PlacementGraphs.Peak(Side, (20, 12), 1, 1));
        using var five = Load(PlacementGraphs.Peak(Side, (20, 12), 5, 5));
        var query = Query(any.Scales);
        var expected = any.Score(query).Maps.Select(map => map.Values).ToList();
        foreach (var other in new[] { shared, single, five })
            Assert.All(other.Score(query).Maps.Zip(expected), pair => Golden.Near(pair.Second, pair.First.Values, 1e-6));
    }

    [Fact]
    public void Inputs_are_known_by_name_or_else_by_their_order()
    {
        using var expected = Load(PlacementGraphs.Peak(Side, (20, 12)));
        using var named = Load(PlacementGraphs.Peak(Side, (20, 12), names: ["bg_img", "fg_img", "m"], order: [2, 1, 0]));
        using var ordered = Load(PlacementGraphs.Peak(Side, (20, 12), names: ["x0", "x1", "x2"]));
        var query = Query(expected.Scales);
        foreach (var other in new[] { named, ordered })
            Assert.All(
                other.Score(query).Maps.Zip(expected.Score(query).Maps),
                pair => Golden.Near(pair.Second.Values, pair.First.Values, 1e-6)
            );
    }

    [Fact]
    public void An_object_stands_in_the_middle_of_a_black_canvas()
    {
        var (image, labels) = Picture();
        var cutout = Cutout.Largest(image, labels, 8)!;
        var (canvas, mask) = PlacementInputs.Canvas(cutout, (20, 30), (60, 40), 60, 40);
        Assert.Equal(0, mask[30, 9]);
        Assert.Equal(0, mask[14, 20]);
        Assert.Equal(1, mask[30, 20]);
        Assert.Equal([200, 40, 40], canvas[30, 20].ToArray());
        Assert.Equal([0, 0, 0], canvas[5, 5].ToArray());
        var box = PixelBox.Of(new LabelMap(60, 40, Array.ConvertAll(mask.Values, v => (byte)v)), label => label != 0);
        Assert.InRange(box.X + (box.Width / 2.0), 29, 31);
        Assert.InRange(box.Y + (box.Height / 2.0), 19, 21);
    }

    [Fact]
    public void Objects_go_to_one_of_the_best_distinct_places_of_the_model()
    {
        using var model = Load(PlacementGraphs.Peak(Side, (22, 24)));
        var (image, labels) = Picture();
        var (free, none) = (new RgbImage(96, 64), new LabelMap(96, 64));
        var request = new ComposeRequest(
            new BackgroundSample(free, none, 8, "grass"),
            [new DonorSample("0", image, labels, 10)],
            new ComposeOptions { MaxObjects = 2, Scorer = model, TopK = 1 }
        );
        foreach (var o in labels.Labels.Index().Where(l => l.Item == 8)) labels.Labels[o.Index] = 10;
        var pasted = Composer.Compose(request, new CounterRandom(1, "compose")).Objects.Single();
        var again = Composer.Compose(request, new CounterRandom(1, "compose")).Objects.Single();
        Assert.Equal((pasted.Box, pasted.Scale, pasted.Score), (again.Box, again.Scale, again.Score));
        // Large objects score more, and one of them lies inside at the rows that leave it room.
        Assert.InRange(pasted.Box.Bottom, 40, 64);
        Assert.InRange(pasted.Box.X + (pasted.Box.Width / 2), 48, 84);
    }

    [Fact]
    public void What_is_no_placement_model_is_said()
    {
        Assert.Contains("model.onnx", Refused(null));
        Assert.Contains("takes a background", Refused(PlacementGraphs.Other(4, Side, 2)));
        Assert.Contains("several sizes", Refused(PlacementGraphs.Other(3, 16, 2)));
        Assert.Contains("gives out", Refused(PlacementGraphs.Other(3, Side, 3)));

        new PlacementConfig().Save(_folder["two"], PlacementGraphs.Peak(Side, (1, 1)), ["a"]);
        Assert.Equal(["a"], PlacementConfig.ImagesOf(_folder["two"]));
        PlacementModel.Load(_folder["two"]).Dispose();
        File.WriteAllBytes(_folder["two", ModelFileNames.Onnx], PlacementGraphs.Peak(Side, (1, 2)));
        Assert.Contains("sha256 differs", Assert.Throws<FreeMaskException>(() => PlacementModel.Load(_folder["two"])).Message);
        File.WriteAllText(_folder["two", ModelFileNames.Config], """{ "modelType": "mask2former" }""");
        Assert.Contains("another kind", Assert.Throws<FreeMaskException>(() => PlacementModel.Load(_folder["two"])).Message);
    }

    private string Refused(byte[]? onnx) => Assert.Throws<FreeMaskException>(() => Load(onnx)).Message;

    private PlacementModel Load(byte[]? onnx)
    {
        var folder = _folder[Guid.NewGuid().ToString("N")];
        Directory.CreateDirectory(folder);
        if (onnx is not null) File.WriteAllBytes(Path.Combine(folder, ModelFileNames.Onnx), onnx);
        return PlacementModel.Load(folder);
    }

    private static PlacementQuery Query(IReadOnlyList<double> scales)
    {
        var (image, labels) = Picture();
        var cutout = Cutout.Largest(image, labels, 8)!;
        return new PlacementQuery
        {
            Background = image,
            Labels = labels,
            Objects = [],
            ClassId = 8,
            Foreground = cutout,
            Sizes = PlacementGrid.Sizes(scales, cutout.Width, cutout.Height, image.Width, image.Height),
        };
    }

    /// <summary>A red rectangle on grey.</summary>
    private static (RgbImage Image, LabelMap Labels) Picture()
    {
        var (image, labels) = (new RgbImage(96, 64), new LabelMap(96, 64));
        for (var i = 0; i < labels.Labels.Length; i++)
        {
            var (x, y) = (i % 96, i / 96);
            var inside = x is >= 30 and < 60 && y is >= 20 and < 40;
            if (inside) labels.Labels[i] = 8;
            byte[] color = inside ? [200, 40, 40] : [90, 90, (byte)(60 + y)];
            color.CopyTo(image.Pixels.AsSpan(3 * i, 3));
        }

        return (image, labels);
    }
}
