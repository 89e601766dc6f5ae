using CsCheck;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Vision.Tests.Placement;

public sealed class ComposerTests
{
    private const int Side = 96, Horizon = 36, BandWidth = 4;

    private static readonly byte[] OwnColor = [200, 40, 40], Sky = [120, 170, 230], Grass = [70, 130, 50];

    private static readonly ComposeOptions Many = new() { MaxObjects = 4 };

    [Fact]
    public void Without_donors_the_picture_stays()
    {
        var background = Background("cow", "grass");
        var result = Composer.Compose(new ComposeRequest(background, []), new CounterRandom(1, "compose"));
        Assert.Equal(background.Image.Pixels, result.Image.Pixels);
        Assert.Equal(background.Labels.Labels, result.Classes.Labels);
        Assert.Empty(result.Objects);
        Assert.All(result.Pasted.Labels, p => Assert.Equal(0, p));
        Assert.Equal(background.Labels.Labels.Count(l => l == background.ClassId), result.Instances.Labels.Count(i => i == 1));
    }

    [Fact]
    public void The_same_stream_gives_the_same_picture()
    {
        var request = new ComposeRequest(Background("cow", "grass"), Donors("sheep", "horse", "person"), Many);
        var first = Composer.Compose(request, new CounterRandom(9, 4, 0, "compose"));
        var again = Composer.Compose(request, new CounterRandom(9, 4, 0, "compose"));
        Assert.NotEmpty(first.Objects);
        Assert.Equal(first.Image.Pixels, again.Image.Pixels);
        Assert.Equal(first.Classes.Labels, again.Classes.Labels);
        Assert.Equivalent(first.Objects, again.Objects, strict: true);
    }

    // A labeled pixel is three quarters its object: the rest may differ as much as white from black, sqrt(3) * 255 / 4.
    private const double LargestDistance = 112;

    [Fact]
    public void Every_label_tells_whose_color_is_seen() => Gen.Int[0, 100_000].Sample(
        seed =>
        {
            var background = Background("cow", "grass");
            var donors = Donors("sheep", "horse", "person", "sheep");
            var result = Composer.Compose(new ComposeRequest(background, donors, Many), new CounterRandom((ulong)seed, "compose"));
            var colors = result.Objects.ToDictionary(
                        o => o.Instance,
                        o => ColorOf(int.Parse(o.DonorId, System.Globalization.CultureInfo.InvariantCulture))
                    );
            var classes = result.Objects.ToDictionary(o => o.Instance, o => o.ClassId);
            for (var i = 0; i < Side * Side; i++)
            {
                var instance = result.Instances.Labels[i];
                var label = result.Classes.Labels[i];
                var pixel = result.Image.Pixels.AsSpan(3 * i, 3);
                if (result.Pasted.Labels[i] == 0) Assert.True(pixel.SequenceEqual(background.Image.Pixels.AsSpan(3 * i, 3)));
                Assert.Equal(label == LabelMap.Ignore, instance == LabelMap.Ignore);
                switch (instance)
                {
                    case 0:
                        Assert.Equal(LabelMap.Background, label);
                        Assert.InRange(result.Pasted.Labels[i], 0, 127);
                        break;
                    case 1:
                        Assert.Equal(background.ClassId, label);
                        Assert.True(Distance(pixel, OwnColor) < LargestDistance);
                        break;
                    case < 255:
                        Assert.Equal(classes[instance], label);
                        Assert.True(Distance(pixel, colors[instance]) < LargestDistance);
                        break;
                    default:
                        break;
                }
            }
        },
        iter: 40);

    [Fact]
    public void The_best_places_are_told_with_factors_whose_product_is_their_score() => Gen.Int[0, 100_000].Sample(
        seed =>
        {
            var request = new ComposeRequest(Background("cow", "grass"), Donors("sheep", "horse", "person"), Many);
            foreach (var o in Composer.Compose(request, new CounterRandom((ulong)seed, "compose")).Objects)
            {
                var places = o.Choice.Places;
                Assert.InRange(places.Count, 1, 10);
                Assert.InRange(o.Choice.Chosen, 0, Math.Min(places.Count, Many.TopK) - 1);
                Assert.Equal(places.OrderByDescending(p => p.Place.Score), places);
                Assert.All(places, tried =>
                {
                    Assert.Equal(["fit", "plausible", "sharpness", "room", "visible"], tried.Parts.Select(p => p.Name));
                    Assert.Equal(tried.Place.Score, tried.Parts.Aggregate(1.0, (product, part) => product * part.Value), 1e-5);
                });
            }
        },
        iter: 20);

    [Fact]
    public void Objects_stay_inside_stand_on_the_ground_and_leave_each_other_visible() => Gen.Int[0, 100_000].Sample(
        seed =>
        {
            var background = Background("cow", "grass");
            var result = Composer.Compose(
                        new ComposeRequest(background, Donors("sheep", "horse", "person"), Many),
                        new CounterRandom((ulong)seed, "compose")
                    );
            var own = background.Labels.Labels.Count(l => l == background.ClassId);
            Assert.True(result.Instances.Labels.Count(i => i == 1) >= 0.5 * own);
            Assert.InRange(result.Objects.Count, 0, Many.MaxObjects - 1);
            foreach (var o in result.Objects)
            {
                Assert.True(o.Box.X >= 0 && o.Box.Y >= 0 && o.Box.Right <= Side && o.Box.Bottom <= Side);
                Assert.True(o.Box.Bottom > Horizon - 4 || IsHiddenBelow(result, o), $"stands at {o.Box.Bottom}");
                Assert.True(result.Instances.Labels.Count(i => i == o.Instance) > 16);
            }
        },
        iter: 40);

    [Fact]
    public void Every_size_suits_the_scene_and_every_other_object() => Gen.Int[0, 100_000].Sample(
        seed =>
        {
            var background = Background("cow", "grass");
            var donors = Donors("sheep", "horse", "person", "cat", "bus");
            var result = Composer.Compose(new ComposeRequest(background, donors, Many), new CounterRandom((ulong)seed, "compose"));
            var own = new PlacedObject(background.ClassId, new PixelBox(14, 40, 30, 32), BorderSides.None);
            var scene = ScenePerspective.Of(background.Image, background.Labels, "grass", [own], LabelSet.Voc);
            foreach (var o in result.Objects)
            {
                // The soft edge of the cutout, three pixels of its donor, is not solid.
                var box = o.Choice.Place.Box;
                var edge = 3.0 / 46 * box.Height;
                var (height, bottom) = ((box.Height - (2 * edge)) / Side, (box.Bottom - edge) / Side);
                Assert.True(scene.Fits(o.ClassId, height, bottom), $"{o.ClassId} {height} {bottom}");
            }
        },
        iter: 40);

    [Fact]
    public void A_donor_that_would_have_to_be_of_a_size_without_room_is_passed_over()
    {
        var (image, labels) = Sample("bird", new PixelBox(8, 10, 60, 80), OwnColor);
        var close = new BackgroundSample(image, labels, (byte)VocClasses.IndexOf("bird"), "grass");
        var request = new ComposeRequest(close, Donors("train", "bus"), Many);
        for (var seed = 0UL; seed < 10; seed++) Assert.Empty(Composer.Compose(request, new CounterRandom(seed, "compose")).Objects);
    }

    [Fact]
    public void Only_what_flies_comes_into_the_sky_and_only_boats_and_birds_onto_water()
    {
        var donors = VocClasses.Names.Skip(1).Select(n => (n, VocClasses.IndexOf(n))).ToList();
        Assert.Subset(
            new HashSet<string> { "aeroplane", "bird" },
            DonorSampler.Draw(donors, "sky", 1, 20, new CounterRandom(1, "donors")).ToHashSet()
        );
        Assert.Subset(
            new HashSet<string> { "boat", "bird", "aeroplane" },
            DonorSampler.Draw(donors, "water", 4, 20, new CounterRandom(1, "donors")).ToHashSet()
        );
    }

    [Fact]
    public void Donors_are_drawn_once_each_and_only_where_they_fit()
    {
        var donors = Enumerable
            .Range(0, 30)
            .Select(i =>
                (
                    Id: i,
                    ClassId: VocClasses.IndexOf(
                        i % 3 == 0 ? "sheep"
                        : i % 3 == 1 ? "person"
                        : "sofa"
                    )
                )
            )
            .ToList();
        var drawn = DonorSampler.Draw(donors, "on the grass", VocClasses.IndexOf("cow"), 30, new CounterRandom(3, "donors"));
        Assert.Equal(20, drawn.Count);
        Assert.Equal(20, drawn.Distinct().Count());
        Assert.DoesNotContain(drawn, i => i % 3 == 2);
    }

    [Fact]
    public void A_class_without_a_known_height_has_the_size_of_its_picture()
    {
        var labels = LabelSet.Own(["pallet", "forklift"]);
        double[] pasted =
        [
            .. new[] { 14, 44 }.Select(height =>
            {
                var donor = Sample("aeroplane", new PixelBox(40, 74 - height, height, height), ColorOf(0));
                var options = Many with { MaxObjects = 2, Classes = labels };
                var donors = new[] { new DonorSample("0", donor.Image, donor.Labels, 1) };
                var request = new ComposeRequest(Background("bicycle", "grass"), donors, options);
                return Enumerable
                    .Range(0, 20)
                    .SelectMany(seed => Composer.Compose(request, new CounterRandom((ulong)seed, "compose")).Objects)
                    .Average(o => o.Scale);
            }),
        ];

        Assert.True(pasted[1] > 1.3 * pasted[0], $"{pasted[0]} {pasted[1]}");
    }

    [Fact]
    public void An_object_that_its_picture_cut_at_the_bottom_is_put_against_the_bottom()
    {
        var donor = Sample("sheep", new PixelBox(30, 50, 30, Side - 50), ColorOf(0));
        var request = new ComposeRequest(
            Background("cow", "grass"),
            [new DonorSample("0", donor.Image, donor.Labels, (byte)VocClasses.IndexOf("sheep"))],
            Many
        );
        for (var seed = 0UL; seed < 20; seed++)
        {
            var result = Composer.Compose(request, new CounterRandom(seed, "compose"));
            foreach (var o in result.Objects) Assert.Equal(Side, o.Box.Bottom);
        }
    }

    [Fact]
    public void Cutouts_fade_out_inside_the_undecided_band_without_the_old_background()
    {
        var (image, labels) = Sample("sheep", new PixelBox(30, 40, 20, 24), ColorOf(1));
        var cutout = Cutout.Largest(image, labels, (byte)VocClasses.IndexOf("sheep"))!;
        Assert.Equal(BorderSides.None, cutout.Cut);
        Assert.Contains(cutout.Alpha.Values, a => a is > 0.5f and < 1);
        for (var i = 0; i < cutout.Alpha.Values.Length; i++)
            if (cutout.Alpha.Values[i] > 0) Assert.True(Distance(cutout.Image.Pixels.AsSpan(3 * i, 3), ColorOf(1)) < 3);
    }

    [Fact]
    public void Fragments_belong_to_the_nearest_object_of_their_class_or_are_undecided_in_both_maps()
    {
        var background = Background("cow", "grass");
        var (dog, cow) = ((byte)VocClasses.IndexOf("dog"), background.ClassId);
        for (var x = 0; x < 3; x++) (background.Labels[x, 1], background.Labels[x, 90]) = (cow, dog);

        var result = Composer.Compose(new ComposeRequest(background, []), new CounterRandom(1, "compose"));

        Assert.Equal((cow, 1), (result.Classes[1, 1], result.Instances[1, 1]));
        Assert.Equal((LabelMap.Ignore, LabelMap.Ignore), (result.Classes[1, 90], result.Instances[1, 90]));
        for (var i = 0; i < Side * Side; i++)
            Assert.Equal(result.Classes.Labels[i] == LabelMap.Ignore, result.Instances.Labels[i] == LabelMap.Ignore);
    }

    [Fact]
    public void Image_and_labels_of_different_size_are_refused() => Assert.Throws<FreeMaskException>(
        () => Cutout.Largest(new RgbImage(4, 4), new LabelMap(5, 4), 1));

    private static BackgroundSample Background(string name, string scene)
    {
        var (image, labels) = Sample(name, new PixelBox(14, 40, 30, 32), OwnColor);
        return new BackgroundSample(image, labels, (byte)VocClasses.IndexOf(name), scene);
    }

    private static List<DonorSample> Donors(params string[] names) => [.. names.Select((name, i) =>
    {
        var (image, labels) = Sample(name, new PixelBox(25 + (3 * i), 30, 24 + (4 * i), 40), ColorOf(i));
        return new DonorSample(
                        i.ToString(System.Globalization.CultureInfo.InvariantCulture),
                        image,
                        labels,
                        (byte)VocClasses.IndexOf(name)
                    );
    })];

    private static byte[] ColorOf(int donor) => donor switch
    {
        0 => [255, 255, 0],
        1 => [255, 0, 255],
        2 => [0, 0, 0],
        _ => [255, 255, 255],
    };

    /// <summary>A solid rectangle with an undecided border of two pixels, between sky and grass.</summary>
    private static (RgbImage Image, LabelMap Labels) Sample(string name, PixelBox box, byte[] color)
    {
        var image = new RgbImage(Side, Side);
        var labels = new LabelMap(Side, Side);
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                var inside = x >= box.X && x < box.Right && y >= box.Y && y < box.Bottom;
                var near = x >= box.X - 2 && x < box.Right + 2 && y >= box.Y - 2 && y < box.Bottom + 2;
                (inside ? color : y < Horizon ? Sky : Grass).CopyTo(image[x, y]);
                labels[x, y] = inside ? (byte)VocClasses.IndexOf(name) : near ? LabelMap.Ignore : LabelMap.Background;
            }
        }

        return (image, labels);
    }

    /// <summary>Whether another object covers what an object stands on: its box tells only what is visible of it.</summary>
    private static bool IsHiddenBelow(Composite result, PastedObject o) =>
        Enumerable
            .Range(o.Box.X, o.Box.Width)
            .Any(x => Enumerable.Range(o.Box.Bottom, BandWidth).Any(y => result.Instances[x, y] is not 0 and not LabelMap.Ignore));

    private static double Distance(ReadOnlySpan<byte> pixel, byte[] color)
    {
        var sum = 0.0;
        for (var c = 0; c < 3; c++) sum += (pixel[c] - color[c]) * (pixel[c] - color[c]);
        return Math.Sqrt(sum);
    }
}
