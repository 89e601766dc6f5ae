using System.Globalization;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Harmonization;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Cli.Experiments;

/// <summary>How images of several objects are made of images of one.</summary>
internal sealed record CompositionWay
{
    /// <summary>The fraction of images that get objects pasted in.</summary>
    public double Share { get; init; } = 1;

    /// <summary>The most objects of an image, its own included.</summary>
    public int MaxObjects { get; init; } = 3;

    /// <summary>Whether only objects come in that fit the background.</summary>
    public bool UsesThesaurus { get; init; } = true;

    /// <summary>Whether places and sizes are chosen by rules; by chance otherwise.</summary>
    public bool UsesRules { get; init; } = true;

    /// <summary>A model in place of the rules' score; null for the rules.</summary>
    public IPlacementScorer? Placement { get; init; }

    /// <summary>Whether places that the geometry of the scene refutes are refused, whatever scores them; chance takes any.</summary>
    public bool RefusesPlaces { get; init; } = true;

    /// <summary>Whether colors are matched.</summary>
    public bool Harmonizes { get; init; } = true;

    /// <summary>What matches colors; null for the rule.</summary>
    public HarmonizerModel? Harmonizer { get; init; }

    /// <summary>What fits; null for the thesaurus that ships.</summary>
    public SceneThesaurus? Thesaurus { get; init; }
}

/// <summary>A composed image.</summary>
/// <param name="Example">The image with its labels.</param>
/// <param name="Instances">Its objects.</param>
/// <param name="Faults">What the geometry of its scene says of each object that came in.</param>
internal sealed record ComposedSample(LabeledImage Example, LabelMap Instances, IReadOnlyList<PlacementFault> Faults);

/// <summary>Whether an object stands where nothing carries it, and whether its size is off by more than twice.</summary>
/// <param name="Floats">Its lower edge is above the end of the ground, and its class does not fly.</param>
/// <param name="IsOff">Its height differs by more than a factor of two from what an object of the image and the perspective of the scene
/// lead to expect; false where nothing is known.</param>
/// <param name="IsPossible">Whether the geometry leaves it any place in the image: what is far too large or too small for the scene has
/// none.</param>
internal readonly record struct PlacementFault(bool Floats, bool IsOff, bool IsPossible);

/// <summary>Composes drawn images as the stages of a run do, in ways that a run file does not offer.</summary>
internal static class SampleComposer
{
    // Some donors find no place, so that more are drawn than are pasted.
    private const int DonorsPerPlace = 3;

    /// <summary>The composed images with their labels, as <see cref="Compose"/> makes them.</summary>
    internal static IReadOnlyList<LabeledImage> Examples(IReadOnlyList<RunSample> samples, CompositionWay way, ulong seed) =>
        [.. Compose(samples, way, seed).Select(sample => sample.Example)];

    /// <summary>Composes every image; donors are the other images of its round.</summary>
    /// <param name="samples">Images of one object.</param>
    /// <param name="way">How.</param>
    /// <param name="seed">Names the draws.</param>
    internal static IReadOnlyList<ComposedSample> Compose(IReadOnlyList<RunSample> samples, CompositionWay way, ulong seed)
    {
        var options = ComposeOptions.Default with
        {
            MaxObjects = way.MaxObjects,
            Thesaurus = way.Thesaurus,
            AnyClass = !way.UsesThesaurus,
            AnyPlace = !way.UsesRules || !way.RefusesPlaces,
            Scorer = way.UsesRules ? way.Placement : new RandomScorer(),
        };
        var balance = DonorBalance.Of(
            [.. samples.Select(sample => sample.Scene).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
            [.. samples.Select(sample => (int)sample.ClassId).Distinct().Order()],
            way.Thesaurus ?? SceneThesaurus.LoadDefault(),
            options.Classes
        );
        return [.. samples.Index().Select(item => Compose(item.Index, item.Item))];

        ComposedSample Compose(int index, RunSample sample)
        {
            var random = new CounterRandom(seed, index, 0, "experiment-compose");
            IReadOnlyList<DonorSample> donors = way.MaxObjects > 1 && random.NextDouble() < way.Share ? Donors(index, sample) : [];
            var background = new BackgroundSample(sample.Single, sample.SingleLabels, sample.ClassId, sample.Scene);
            var composite = Composer.Compose(new ComposeRequest(background, donors, options), random);
            var image = way.Harmonizes && composite.Objects.Count > 0 ? Harmonize(composite) : composite.Image;
            return new(
                new LabeledImage(sample.Id, image, composite.Classes),
                composite.Instances,
                Faults(background, composite)
            );
        }

        RgbImage Harmonize(Composite composite) => way.Harmonizer is { } model
            ? model.Harmonize([new(composite.Image, composite.Pasted, composite.Instances)], 1, CancellationToken.None)[0].Image
            : Harmonizer.Harmonize(composite).Image;

        IReadOnlyList<PlacementFault> Faults(BackgroundSample background, Composite composite)
        {
            if (composite.Objects.Count == 0) return [];
            if (new ComposedScene(background, options).Perspective is not { } perspective) return [];
            double height = background.Image.Height;
            return
            [
                .. composite.Objects.Select(item =>
                {
                    var bottom = item.Choice.Place.Box.Bottom / height;
                    var isOff = Math.Abs(perspective.Off(item.ClassId, item.Choice.Place.Box.Height / height, bottom) ?? 0) > Math.Log(2);
                    var stands = SceneRules.Stands(options.Classes[item.ClassId]);
                    return new PlacementFault(
                        stands && bottom < perspective.Ground,
                        isOff && (stands || bottom > perspective.Ground),
                        IsPossible(perspective, item, background.Image)
                    );
                }),
            ];
        }

        // The sizes that a model scores, with the lower edge in any row at which the object is inside the image.
        static bool IsPossible(ScenePerspective perspective, PastedObject item, RgbImage image) =>
            PlacementGrid
                .Sizes(PlacementModel.AllScales, item.Choice.Place.Box.Width, item.Choice.Place.Box.Height, image.Width, image.Height)
                .Any(size => Enumerable
                    .Range(size.Height, Math.Max(0, image.Height - size.Height + 1))
                    .Any(bottom =>
                        perspective.Fits(item.ClassId, (double)size.Height / image.Height, (double)bottom / image.Height)));

        IReadOnlyList<DonorSample> Donors(int index, RunSample sample)
        {
            var random = new CounterRandom(seed, index, 0, "experiment-donors");
            var count = DonorsPerPlace * (way.MaxObjects - 1);
            var others = Enumerable.Range(0, samples.Count).Where(i => i != index && samples[i].Round == sample.Round).ToArray();
            if (!way.UsesThesaurus) random.Shuffle(others.AsSpan());
            var drawn = way.UsesThesaurus
                ? DonorSampler.Draw(
                    [.. others.Select(i => (i, (int)samples[i].ClassId))],
                    sample.Scene,
                    sample.ClassId,
                    count,
                    random,
                    options.Thesaurus,
                    options.Classes,
                    balance
                )
                : [.. others.Take(count)];
            return
            [
                .. drawn.Select(i => new DonorSample(
                    i.ToString(CultureInfo.InvariantCulture),
                    samples[i].Single,
                    samples[i].SingleLabels,
                    samples[i].ClassId
                )),
            ];
        }
    }
}
