using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Vision.Tests.Placement;

public sealed class RandomScorerTests
{
    [Fact]
    public void Every_place_and_size_scores_alike_and_any_class_may_come_in()
    {
        var (image, labels) = (new RgbImage(64, 64), new LabelMap(64, 64));
        for (var y = 24; y < 40; y++)
            for (var x = 24; x < 40; x++) labels.Labels[(y * 64) + x] = 1;
        // A sofa in the sky.
        var sofa = (byte)VocClasses.IndexOf("sofa");
        var donor = new LabelMap(64, 64, [.. labels.Labels.Select(label => label == 1 ? sofa : (byte)0)]);
        var request = new ComposeRequest(
            new BackgroundSample(image, labels, 1, "in the sky"),
            [new DonorSample("0", image, donor, sofa)],
            ComposeOptions.Default with { Scorer = new RandomScorer(), AnyClass = true, AnyPlace = true, MaxObjects = 2 }
        );

        var places = Enumerable
            .Range(0, 20)
            .Select(i => Composer.Compose(request, new CounterRandom(1, i, 0, "test")))
            .SelectMany(composite => composite.Objects)
            .ToList();

        Assert.True(places.Count >= 15, $"{places.Count}");
        Assert.True(places.Select(place => place.Box).Distinct().Count() > 10);
        Assert.Contains(places, place => place.Box.Y < 16);
        Assert.Empty(Composer.Compose(request with { Options = request.Options! with { AnyClass = false } }, new(1, 0, 0, "test")).Objects);
    }
}
