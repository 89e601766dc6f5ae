using FreeMask.Files;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Placement;
using FreeMask.Training.Tests.Mini;
using FreeMask.Training.Tests.Torch;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Training.Tests.Placement;

public sealed class PlacementTrainerTests : IDisposable
{
    private static readonly PlacementTrainingRequest Request = new()
    {
        Steps = 4,
        BatchSize = 2,
        CheckpointEvery = 1,
        Size = 32,
        Width = 2,
        Features = 4,
        HeldOut = 0.3,
        ValidationSamples = 4,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-placement-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Samples_follow_from_seed_and_number_and_only_the_own_size_has_a_plausible_place()
    {
        WriteImages();
        var samples = new PlacementSamples(32);
        var images = ObjectImages.Open(_folder);
        for (var i = 0; i < images.Count; i++) samples.Add(images.Load(i));
        Assert.Equal(images.Count, samples.Count);
        Assert.Equal(samples.Draw(1, 5, "a").Background, samples.Draw(1, 5, "a").Background);
        Assert.NotEqual(samples.Draw(1, 5, "a").Background, samples.Draw(1, 6, "a").Background);
        var drawn = Enumerable.Range(0, 80).Select(n => samples.Draw(1, n, "a")).ToList();
        Assert.All(drawn, sample => Assert.InRange(sample.Places.Count(p => p.IsPlausible), 0, 1));
        Assert.All(drawn, sample => Assert.All(sample.Places, p => Assert.True((uint)p.Row < 32 && (uint)p.Column < 32)));
        Assert.InRange(drawn.Count(sample => sample.Places.Any(p => p.IsPlausible)), 35, 65);
        var sizes = drawn
            .GroupBy(sample => sample.Places.Any(p => p.IsPlausible))
            .ToDictionary(group => group.Key, group => group.Select(sample => sample.Mask.Sum()).ToList());
        // Wrong sizes are smaller than the smallest right one, or larger than the largest.
        Assert.DoesNotContain(sizes[false], size => size > 1.1 * sizes[true].Min() && size < 0.9 * sizes[true].Max());
        // The object in its place changes the picture there and nowhere else.
        var first = drawn.First(sample => sample.Places[0].IsPlausible);
        var at = (first.Places[0].Row * 32) + first.Places[0].Column;
        Assert.NotEqual(first.Background[at], first.Composite[at]);
        bool Changes(int i) => Enumerable.Range(0, 3).Any(c => first.Background[(c << 10) + i] != first.Composite[(c << 10) + i]);
        Assert.Equal(first.Mask.Sum(), Enumerable.Range(0, 32 * 32).Count(Changes), 2.0);
    }

    [Fact]
    public void An_interrupted_training_ends_with_the_same_model()
    {
        WriteImages();
        var sets = new[] { ObjectImages.Open(_folder) };
        string Out(string name) => Path.Combine(_folder, "out", name);
        var end = TestContext.Current.CancellationToken;
        var whole = PlacementTrainer.Train(Request, Of(Request, sets), Out("whole"), null, null, null, end).Config;

        var store = new MemoryCheckpoints();
        using var stop = new CancellationTokenSource();
        var progress = ProgressCallback.StopAfter(2, stop);
        Assert.Throws<OperationCanceledException>(
            () => PlacementTrainer.Train(Request, Of(Request, sets), Out("parts"), null, store, progress, stop.Token));
        Assert.False(File.Exists(Path.Combine(Out("parts"), ModelFileNames.Onnx)));
        var (parts, measure) = PlacementTrainer.Train(Request, Of(Request, sets), Out("parts"), null, store, null, end);
        Assert.Equal(whole.Sha256, parts.Sha256);
        Assert.InRange(measure.Auc, 0, 1);
        Assert.Equal(parts.Images, PlacementConfig.ImagesOf(Out("parts")).Count);
        Assert.InRange(parts.Images, 2, 11);
        using var model = PlacementModel.Load(Out("parts"));
        model.Probe();
        Assert.Equal(whole.Sha256, model.Hash);

        var other = Assert.Throws<FreeMaskException>(() =>
            PlacementTrainer.Train(Request with { Seed = 9 }, Of(Request, sets), Out("other"), null, store, null, end));
        Assert.Contains("other settings", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_lowers_its_loss()
    {
        WriteImages();
        var losses = new List<double>();
        var request = Request with { Steps = 40, BatchSize = 8, Width = 4, Features = 8, LearningRate = 3e-3 };
        PlacementTrainer.Train(
            request,
            Of(request, ObjectImages.Open(_folder)),
            Path.Combine(_folder, "out"),
            null,
            null,
            new ProgressCallback(done => losses.Add(done.Loss)),
            TestContext.Current.CancellationToken
        );
        Assert.True(losses[^8..].Average() < 0.85 * losses[..4].Average(), string.Join(' ', losses.Select(l => $"{l:0.00}")));
    }

    [Fact]
    public void A_model_of_rendered_scenes_says_how_many_and_names_no_images()
    {
        var end = TestContext.Current.CancellationToken;
        PlacementMaterial Scenes(int count) => PlacementMaterial.OfScenes(Request, MiniArt.Require(), count, end);
        var folder = Path.Combine(_folder, "rendered");
        var (config, measure) = PlacementTrainer.Train(Request, Scenes(60), folder, cancellation: end);
        Assert.Equal((60, 0), (config.Scenes, config.Images));
        Assert.False(File.Exists(Path.Combine(folder, "images.txt")));
        Assert.Equal(config, PlacementConfig.Read(folder));
        Assert.InRange(measure.Auc, 0, 1);
        var again = PlacementTrainer.Train(Request, Scenes(60), Path.Combine(_folder, "again"), cancellation: end).Config;
        Assert.Equal(config.Sha256, again.Sha256);
        var more = PlacementTrainer.Train(Request, Scenes(70), Path.Combine(_folder, "more"), cancellation: end).Config;
        Assert.NotEqual(config.Sha256, more.Sha256);
    }

    [Fact]
    public void Images_without_objects_of_a_fit_size_are_said()
    {
        WriteImages(objectSide: 3);
        var error = Assert.Throws<FreeMaskException>(() =>
            Of(Request, ObjectImages.Open(_folder)));
        Assert.Contains("too few objects", error.Message, StringComparison.Ordinal);
    }

    private static PlacementMaterial Of(PlacementTrainingRequest request, params ObjectImages[] sets) =>
        PlacementMaterial.OfImages(request, sets, TestContext.Current.CancellationToken);

    /// <summary>Dark objects that stand at the same height on light ground.</summary>
    private void WriteImages(int objectSide = 14)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "images"));
        Directory.CreateDirectory(Path.Combine(_folder, "masks"));
        for (var n = 0; n < 12; n++)
        {
            var random = new CounterRandom((ulong)n, "image");
            var (image, mask) = (new RgbImage(64, 64), new RgbImage(64, 64));
            for (var i = 0; i < 64 * 64; i++)
            {
                var (x, y) = ((i % 64) - 6 - (3 * n), (i / 64) - 34);
                var inside = x >= 0 && x < objectSide && y >= 0 && y < objectSide;
                for (var c = 0; c < 3; c++)
                {
                    image.Pixels[(3 * i) + c] = (byte)((inside ? 40 : i / 64 < 40 ? 120 : 200) + (8 * c) + random.NextInt(20));
                    mask.Pixels[(3 * i) + c] = inside ? (byte)255 : (byte)0;
                }
            }

            File.WriteAllBytes(Path.Combine(_folder, "images", $"{n:00}.png"), ImageCodec.EncodePng(image));
            File.WriteAllBytes(Path.Combine(_folder, "masks", $"{n:00}.png"), ImageCodec.EncodePng(mask));
        }
    }
}
