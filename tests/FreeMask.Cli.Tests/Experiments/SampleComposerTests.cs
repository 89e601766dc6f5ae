using FreeMask.Cli.Experiments;
using FreeMask.Imaging;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Cli.Tests.Experiments;

public sealed class SampleComposerTests
{
    private const int Side = 64;

    private static readonly string[] Classes = ["sheep", "cow", "horse", "sofa"];

    /// <summary>Animals and sofas on the grass, each a box on the ground.</summary>
    private static readonly IReadOnlyList<RunSample> Samples = [.. Enumerable.Range(0, 16).Select(Sample)];

    private static RunSample Sample(int index)
    {
        var classId = (byte)VocClasses.IndexOf(Classes[index % Classes.Length]);
        var (image, labels) = (new RgbImage(Side, Side), new LabelMap(Side, Side));
        for (var y = 0; y < Side; y++)
            for (var x = 0; x < Side; x++)
            {
                var isObject = y is >= 36 and < 52 && x >= 4 + index && x < 22 + index;
                if (isObject) labels[x, y] = classId;
                image.Pixels[3 * ((y * Side) + x)] = (byte)(isObject ? 200 : y < 24 ? 120 : 30);
                image.Pixels[(3 * ((y * Side) + x)) + 1] = (byte)(y < 24 ? 160 : 110);
            }

        var scored = new ScoredSample(labels, new(Side, Side, [.. labels.Labels.Select(label => label == 0 ? (byte)0 : (byte)1)]), labels);
        return new($"0-{index}", 0, classId, "on the grass", image, labels, image, image, scored, IsKept: true);
    }

    private static HashSet<byte> Seen(IEnumerable<ComposedSample> composed, int of) => [
        .. composed.Where((_, i) => Samples[i].ClassId != of).SelectMany(item => item.Example.Labels.Labels),
    ];

    [Fact]
    public void Only_with_the_thesaurus_do_sofas_stay_off_the_grass()
    {
        var sofa = (byte)VocClasses.IndexOf("sofa");
        var chance = SampleComposer.Compose(Samples, new() { UsesThesaurus = false, UsesRules = false, MaxObjects = 4 }, 1);
        var fitting = SampleComposer.Compose(Samples, new() { MaxObjects = 4 }, 1);
        Assert.Contains(sofa, Seen(chance, sofa));
        Assert.DoesNotContain(sofa, Seen(fitting, sofa));
        Assert.Contains((byte)VocClasses.IndexOf("cow"), Seen(fitting, VocClasses.IndexOf("cow")));
    }

    [Fact]
    public void Rules_leave_no_object_above_the_ground_and_chance_does()
    {
        var chance = SampleComposer.Compose(Samples, new() { UsesRules = false }, 1).SelectMany(item => item.Faults).ToList();
        var rules = SampleComposer.Compose(Samples, new(), 1).SelectMany(item => item.Faults).ToList();
        Assert.Contains(chance, fault => fault.Floats);
        Assert.Contains(chance, fault => fault.IsOff);
        Assert.NotEmpty(rules);
        Assert.DoesNotContain(rules, fault => fault.Floats || fault.IsOff);
        // What rules place has a place; of what chance places, what is right has one too.
        Assert.All(rules, fault => Assert.True(fault.IsPossible));
        Assert.All(chance.Where(fault => !fault.Floats && !fault.IsOff), fault => Assert.True(fault.IsPossible));
    }

    [Fact]
    public void A_scorer_that_likes_the_sky_gets_its_way_only_where_no_place_is_refused()
    {
        List<PlacementFault> Faults(bool refuses) =>
        [
            .. SampleComposer.Compose(Samples, new() { Placement = new Sky(), RefusesPlaces = refuses }, 1).SelectMany(item => item.Faults),
        ];
        var free = Faults(refuses: false);
        Assert.NotEmpty(free);
        Assert.All(free, fault => Assert.True(fault.Floats));
        Assert.Empty(Faults(refuses: true));
    }

    [Fact]
    public void One_object_leaves_the_image_and_a_seed_names_the_result()
    {
        var single = SampleComposer.Compose(Samples, new() { MaxObjects = 1 }, 1);
        Assert.All(single.Index(), item => Assert.Equal(Samples[item.Index].Single.Pixels, item.Item.Example.Image.Pixels));
        var way = new CompositionWay { Share = 0.5 };
        static IEnumerable<byte> Pixels(IEnumerable<ComposedSample> of) => of.SelectMany(item => item.Example.Image.Pixels);
        Assert.Equal(Pixels(SampleComposer.Compose(Samples, way, 3)), Pixels(SampleComposer.Compose(Samples, way, 3)));
        Assert.NotEqual(Pixels(SampleComposer.Compose(Samples, way, 3)), Pixels(SampleComposer.Compose(Samples, way, 4)));
        Assert.Contains(SampleComposer.Compose(Samples, way, 3), item => item.Faults.Count == 0);
    }

    /// <summary>Wants everything at the upper edge.</summary>
    private sealed class Sky : IPlacementScorer
    {
        private const int Cells = 16;

        public IReadOnlyList<double> Scales => [0.2];

        public PlacementScores Score(PlacementQuery query)
        {
            var map = new FloatMap(Cells, Cells);
            for (var i = 0; i < 4 * Cells; i++) map.Values[i] = 1;
            return new([.. query.Sizes.Select(_ => map)]);
        }
    }
}
