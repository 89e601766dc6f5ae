using System.Text.Json;
using FreeMask.Imaging;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class PanopticQualityTests
{
    private static readonly string[] Folder = ["golden", "metrics", "panoptic"];

    [Fact]
    public void Scores_equal_panopticapi()
    {
        var expected = Golden.Json([.. Folder, "expected.json"]);
        var (truth, prediction) = (Maps("truth"), Maps("prediction"));
        var quality = new PanopticQuality();
        foreach (var (image, map) in truth) quality.Add(map, prediction[image]);

        foreach (var item in expected.GetProperty("per_class").EnumerateObject())
        {
            var category = int.Parse(item.Name, System.Globalization.CultureInfo.InvariantCulture);
            Near(item.Value, quality.Of(category));
            Assert.Equal(
                (item.Value.GetProperty("tp").GetInt32(), item.Value.GetProperty("fp").GetInt32(), item.Value.GetProperty("fn").GetInt32()),
                quality.CountsOf(category)
            );
        }

        var things = Golden
            .Json([.. Folder, "truth.json"])
            .GetProperty("categories")
            .EnumerateArray()
            .ToLookup(c => c.GetProperty("isthing").GetInt32() == 1, c => c.GetProperty("id").GetInt32());
        Near(expected.GetProperty("all"), quality.Mean(things[true].Concat(things[false])));
        Near(expected.GetProperty("things"), quality.Mean(things[true]));
        Near(expected.GetProperty("stuff"), quality.Mean(things[false]));
        Assert.Equal(expected.GetProperty("all").GetProperty("n").GetInt32(), quality.Categories.Count());
    }

    [Fact]
    public void A_perfect_prediction_scores_one_and_an_empty_one_nothing()
    {
        var map = new PanopticMap([1, 1, 2, 0], [new(1, 5), new(2, 6)]);
        var (perfect, empty) = (new PanopticQuality(), new PanopticQuality());
        perfect.Add(map, map);
        empty.Add(map, new PanopticMap([0, 0, 0, 0], []));
        Assert.Equal(new PanopticScore(1, 1, 1), perfect.Mean([5, 6]));
        Assert.Equal(new PanopticScore(0, 0, 0), empty.Mean([5, 6]));
        Assert.Equal((0, 0, 1), empty.CountsOf(5));
    }

    [Fact]
    public void A_prediction_whose_list_does_not_fit_its_map_is_refused()
    {
        var truth = new PanopticMap([1], [new(1, 1)]);
        Assert.Throws<FreeMaskException>(() => new PanopticQuality().Add(truth, new PanopticMap([7], [])));
        Assert.Throws<FreeMaskException>(() => new PanopticQuality().Add(truth, new PanopticMap([0], [new(3, 1)])));
        Assert.Throws<FreeMaskException>(() => new PanopticQuality().Add(truth, new PanopticMap([0, 0], [])));
    }

    private static void Near(JsonElement expected, PanopticScore actual)
    {
        Assert.Equal(expected.GetProperty("pq").GetDouble(), actual.Quality, 1e-9);
        Assert.Equal(expected.GetProperty("sq").GetDouble(), actual.Segmentation, 1e-9);
        Assert.Equal(expected.GetProperty("rq").GetDouble(), actual.Recognition, 1e-9);
    }

    private static Dictionary<long, PanopticMap> Maps(string part) =>
        Golden
            .Json([.. Folder, part + ".json"])
            .GetProperty("annotations")
            .EnumerateArray()
            .ToDictionary(
                annotation => annotation.GetProperty("image_id").GetInt64(),
                annotation => new PanopticMap(
                    Ids(ImageCodec.Load(Fixtures.Path([.. Folder, part, annotation.GetProperty("file_name").GetString()!]))),
                    [
                        .. annotation
                            .GetProperty("segments_info")
                            .EnumerateArray()
                            .Select(s => new PanopticSegment(
                                s.GetProperty("id").GetInt32(),
                                s.GetProperty("category_id").GetInt32(),
                                s.TryGetProperty("iscrowd", out var crowd) && crowd.GetInt32() == 1
                            )),
                    ]
                )
            );

    private static int[] Ids(RgbImage image)
    {
        var ids = new int[image.Width * image.Height];
        for (var i = 0; i < ids.Length; i++)
            ids[i] = image.Pixels[3 * i] + (256 * image.Pixels[(3 * i) + 1]) + (65536 * image.Pixels[(3 * i) + 2]);
        return ids;
    }
}
