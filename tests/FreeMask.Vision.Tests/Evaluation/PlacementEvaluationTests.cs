using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class PlacementEvaluationTests : IDisposable
{
    private const int Width = 80, Height = 60;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_scorer_that_knows_the_place_is_right_and_chance_is_half()
    {
        WriteImages(30);
        var images = ObjectImages.Open(_folder.Path);
        var results = Measure(images, new HashSet<string>(), new Knowing());
        var all = results.Where(r => r.Against is null).ToDictionary(r => r.Method);
        Assert.Equal(30, all[PlacementEvaluation.Model].Objects);
        Assert.Equal(1, all[PlacementEvaluation.Model].Accuracy, 3);
        Assert.Equal(1, all[PlacementEvaluation.Model].Auc, 3);
        Assert.InRange(all[PlacementEvaluation.Random].Auc, 0.4, 0.6);
        Assert.InRange(0.5, all[PlacementEvaluation.Random].AccuracyInterval.Low, all[PlacementEvaluation.Random].AccuracyInterval.High);
        var kinds = results.Where(r => r.Method == PlacementEvaluation.Rules && r.Against is not null);
        Assert.Equal(all[PlacementEvaluation.Rules].Places, kinds.Sum(r => r.Places));
        var again = Measure(images, new HashSet<string>(), new Knowing());
        Assert.Equal(results, again);
    }

    [Fact]
    public void Images_that_a_model_learned_from_are_left_out()
    {
        WriteImages(4);
        var images = ObjectImages.Open(_folder.Path);
        var results = Measure(images, new HashSet<string> { "00", "02" }, null);
        Assert.All(results, r => Assert.Equal(2, r.Objects));
        var all = Enumerable.Range(0, 4).Select(images.IdOf).ToHashSet();
        Assert.Contains("no object", Assert.Throws<FreeMaskException>(() => Measure(images, all, null)).Message);
    }

    [Fact]
    public void Objects_of_a_map_of_instances_are_taken_one_by_one()
    {
        var images = ObjectImages.Open(Fixtures.Data("coco-voc"), byInstance: true);
        var regions = ObjectImages.Open(Fixtures.Data("coco-voc"));
        var (more, index) = (0, 0);
        for (; index < 20; index++) more += images.Load(index).Objects.Count - regions.Load(index).Objects.Count;
        Assert.NotEqual(0, more);
    }

    private static IReadOnlyList<PlacementResult> Measure(ObjectImages images, IReadOnlySet<string> known, IPlacementScorer? model) =>
        PlacementEvaluation.Run(PhotographTrials.Of(images, known, 100, 1), model, 1);

    /// <summary>All objects are of one size and stand at one place.</summary>
    private void WriteImages(int count)
    {
        Directory.CreateDirectory(_folder["images"]);
        Directory.CreateDirectory(_folder["masks"]);
        for (var n = 0; n < count; n++)
        {
            var (image, mask) = (new RgbImage(Width, Height), new RgbImage(Width, Height));
            for (var i = 0; i < Width * Height; i++)
            {
                var inside = i % Width is >= 30 and < 46 && i / Width is >= 28 and < 44;
                image.Pixels.AsSpan(3 * i, 3).Fill((byte)(inside ? 200 : 40 + (i / Width) + n));
                mask.Pixels.AsSpan(3 * i, 3).Fill(inside ? (byte)255 : (byte)0);
            }

            File.WriteAllBytes(_folder["images", $"{n:00}.png"], ImageCodec.EncodePng(image));
            File.WriteAllBytes(_folder["masks", $"{n:00}.png"], ImageCodec.EncodePng(mask));
        }
    }

    /// <summary>High at the middle of the object, at its size.</summary>
    private sealed class Knowing : IPlacementScorer
    {
        public IReadOnlyList<double> Scales { get; } = [0.3];

        public PlacementScores Score(PlacementQuery query) => new(
        [
            .. query.Sizes.Select(size =>
            {
                var map = new FloatMap(Width, Height);
                for (var i = 0; i < map.Values.Length; i++)
                {
                    var off = Math.Abs((i % Width) - 38) + Math.Abs((i / Width) - 36);
                    map.Values[i] = (float)Math.Exp(-off - (10 * Math.Abs(Math.Log(size.Height / (double)query.Foreground.Height))));
                }

                return map;
            }),
        ]);
    }
}
