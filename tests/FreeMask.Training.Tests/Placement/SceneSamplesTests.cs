using FreeMask.Randomness;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Placement;
using FreeMask.Training.Tests.Mini;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Tests;
using Xunit;

namespace FreeMask.Training.Tests.Placement;

public sealed class SceneSamplesTests
{
    private const int Scenes = 80;

    [Fact]
    public void Samples_follow_from_seed_and_number_and_are_of_all_kinds()
    {
        var samples = Render();
        Assert.InRange(samples.Count, Scenes / 2, Scenes);
        Assert.Equal(Render().Draw(1, 5, "a").Foreground, samples.Draw(1, 5, "a").Foreground);
        Assert.NotEqual(samples.Draw(1, 5, "a").Foreground, samples.Draw(1, 6, "a").Foreground);
        var drawn = Enumerable.Range(0, 300).Select(n => samples.Draw(1, n, "a")).ToList();
        Assert.All(drawn, sample => Assert.NotEmpty(sample.Places));
        Assert.All(drawn, sample => Assert.All(sample.Places, p => Assert.True((uint)p.Row < 32 && (uint)p.Column < 32)));
        // A wrong size or scene has no plausible place; those with the right ones have the true one and others beside it.
        var plausible = drawn.Select(sample => sample.Places.Count(p => p.IsPlausible)).ToList();
        Assert.InRange(plausible.Count(n => n > 0) / 300.0, 0.45, 0.65);
        Assert.Contains(plausible, n => n >= 3);
        Assert.InRange(drawn.Sum(sample => sample.Places.Count(p => !p.IsPlausible)), 600, 2700);
    }

    [Fact]
    public void True_and_shifted_places_have_footing_and_others_are_as_wrong_as_they_say()
    {
        var found = new Dictionary<string, int>();
        foreach (var (pair, scene, random) in Cases())
        {
            var places = new ScenePlaces(scene, random);
            var size = scene.SizeAt(1);
            double Off(PixelBox box) => scene.BottomIn(box) - pair.Horizon;
            Assert.Equal(scene.Truth, places.Own(size));
            Assert.NotEqual(PlaceFit.Wrong, scene.Judge(scene.Truth));
            void Check(string kind, PixelBox? box, Action<PixelBox> check)
            {
                if (box is not { } place) return;
                found[kind] = found.GetValueOrDefault(kind) + 1;
                Assert.True(PlacementCase.IsInside(place, SceneRenderer.Side, SceneRenderer.Side), kind);
                check(place);
            }

            Check("shifted", places.Shifted(size), box =>
            {
                if (scene.Flies) Assert.InRange(Off(box), -SceneRenderer.Side, 0);
                else Assert.InRange(Off(box), SceneCase.Margin * SceneRenderer.Side, SceneRenderer.Side);
                Assert.InRange(Math.Abs(box.X - scene.Truth.X), 0, 16);
            });
            Check("anywhere", places.Anywhere(size), box =>
            {
                Assert.Equal(PlaceFit.Wrong, scene.Judge(box));
                Assert.InRange(box.IoU(scene.Truth), 0, PlacementCase.MostOverlap);
            });
            Check("floating", places.Floating(size), box =>
            {
                Assert.InRange(Off(box), -SceneRenderer.Side, -SceneCase.Margin * SceneRenderer.Side + 1);
                var isUnderSky = scene.Kind is not (SceneKind.Forest or SceneKind.Room);
                Assert.False(isUnderSky && !SceneRules.Stands(LabelSet.Voc[scene.ClassId]));
            });
            Check("covering", places.Covering(size), box => Assert.Contains(scene.Others, other => Shared(box, other) > 0.5));
            var factor = places.WrongFactor();
            Check(factor > 1 ? "larger" : "smaller", places.Own(scene.SizeAt(factor)), box =>
            {
                Assert.True(factor is >= 2 or <= 0.5);
                // Rounded to whole pixels.
                Assert.Equal(scene.Truth.Bottom, box.Bottom, 1.0);
            });
        }

        string[] kinds = ["shifted", "anywhere", "floating", "covering", "larger", "smaller"];
        Assert.All(kinds, kind => Assert.True(found.GetValueOrDefault(kind) >= 5, $"{kind}: {found.GetValueOrDefault(kind)}"));
    }

    [Fact]
    public void A_scene_is_wrong_for_what_it_does_not_carry()
    {
        var cars = Cases().Select(c => c.Scene).First(scene => scene.ClassId == 7);
        Assert.True(cars.IsOutOfPlaceIn(SceneKind.Water));
        Assert.True(cars.IsOutOfPlaceIn(SceneKind.Sky));
        Assert.False(cars.IsOutOfPlaceIn(SceneKind.Road));
        Assert.True(Cases().Select(c => c.Scene).First(scene => scene.ClassId == 4).IsOutOfPlaceIn(SceneKind.Grass));
    }

    [Fact]
    public void Trials_know_the_true_place_and_patches_have_others_beside_theirs()
    {
        var art = MiniArt.Require();
        var results = PlacementEvaluation.Run(SceneTrials.Draw(art, 60, 1), new Blind(), 1);
        var kinds = results.Where(r => r.Method == PlacementEvaluation.Rules && r.Against is not null).Select(r => r.Against);
        string[] expected = ["place", "size", "floating", "covering", "scene"];
        Assert.Equal(expected, kinds);
        double Auc(string method, string? against) => results.First(r => r.Method == method && r.Against == against).Auc;
        // The rules know what each scene carries; who gives every place the same score is right half the time.
        Assert.InRange(Auc(PlacementEvaluation.Rules, PlacementEvaluation.Floating), 0.85, 1);
        Assert.InRange(Auc(PlacementEvaluation.Rules, PlacementEvaluation.Scene), 0.85, 1);
        Assert.Equal(0.5, Auc(PlacementEvaluation.Model, null), 9);
        var patches = PlacementEvaluation.Run(SceneTrials.Patches(art, 60, 1), null, 1);
        Assert.InRange(patches.First(r => r.Method == PlacementEvaluation.Random && r.Against is null).Objects, 20, 60);
    }

    [Fact]
    public void The_model_of_the_bundle_finds_places_for_drawings_that_it_never_saw_and_no_patch()
    {
        var art = MiniArt.Require();
        var folder = Path.Combine(Fixtures.RepositoryRoot, "models", "mini", "placement");
        using var model = PlacementModel.Load(folder);
        Assert.Equal(PlacementConfig.Read(folder)!.Sha256, model.Hash);
        // Scenes of another seed than the training's.
        var results = PlacementEvaluation.Run(SceneTrials.Draw(art, 60, 2), model, 1);
        PlacementResult Of(string? against) => results.First(r => r.Method == PlacementEvaluation.Model && r.Against == against);
        foreach (var against in new[] { null, "place", "size", "floating", "covering", "scene" }) Assert.InRange(Of(against).Auc, 0.93, 1);
        var patch = PlacementEvaluation.Run(SceneTrials.Patches(art, 60, 2), model, 1);
        Assert.InRange(patch.First(r => r.Method == PlacementEvaluation.Model && r.Against is null).Auc, 0.38, 0.62);
    }

    private static double Shared(PixelBox a, PixelBox b)
    {
        var wide = Math.Min(a.Right, b.Right) - Math.Max(a.X, b.X);
        var high = Math.Min(a.Bottom, b.Bottom) - Math.Max(a.Y, b.Y);
        return wide <= 0 || high <= 0 ? 0 : (double)wide * high / Math.Min(a.Width * a.Height, b.Width * b.Height);
    }

    private static SceneSamples Render() =>
        SceneSamples.Render(new SceneRenderer(MiniArt.Require(), 1, heldOut: false), Scenes, 32, TestContext.Current.CancellationToken);

    private static IEnumerable<(ScenePair Pair, SceneCase Scene, CounterRandom Random)> Cases()
    {
        var renderer = new SceneRenderer(MiniArt.Require(), 1, heldOut: false);
        for (var i = 0; i < 3 * Scenes; i++)
            if (renderer.Pair(i) is var pair && SceneCase.Of(pair) is { } scene)
                yield return (pair, scene, new CounterRandom(1, i, 0, "test"));
    }

    /// <summary>Finds all places equally good.</summary>
    private sealed class Blind : IPlacementScorer
    {
        public IReadOnlyList<double> Scales => [0.5];

        public PlacementScores Score(PlacementQuery query) =>
            new([.. query.Sizes.Select(_ => new FreeMask.Imaging.FloatMap(4, 4))]);
    }
}
