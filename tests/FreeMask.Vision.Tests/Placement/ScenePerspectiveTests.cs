using FreeMask.Imaging;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Vision.Tests.Placement;

public sealed class ScenePerspectiveTests
{
    private const int Side = 100, GroundRow = 40;
    private const double Tolerance = 0.02;

    private static readonly byte Bird = Class("bird"), Car = Class("car"), Person = Class("person"), Boat = Class("boat");

    [Fact]
    public void Half_as_far_below_the_horizon_the_same_class_is_half_as_tall()
    {
        var scene = Scene("grass", Own(Person, top: 30, bottom: 90));
        Assert.Equal(0.40, scene.Horizon, Tolerance);
        Assert.Equal(0, scene.Off(Person, 0.30, 0.65)!.Value, 0.05);
        Assert.Equal(Math.Log(2), scene.Off(Person, 0.60, 0.65)!.Value, 0.05);
    }

    [Fact]
    public void On_the_same_row_heights_are_proportional_to_real_ones()
    {
        var scene = Scene("grass", Own(Car, top: 60, bottom: 90));
        var metres = LabelSet.Voc[Person].Metres!.Value / LabelSet.Voc[Car].Metres!.Value;
        Assert.Equal(0, scene.Off(Person, 0.30 * metres, 0.90)!.Value, 0.05);
    }

    [Theory]
    [InlineData(0.25, true)]
    [InlineData(0.17, false)]
    [InlineData(0.44, true)]
    [InlineData(0.55, false)]
    public void Sizes_that_are_far_off_do_not_fit(double height, bool fits) =>
        Assert.Equal(fits, Scene("grass", Own(Person, top: 30, bottom: 90)).Fits(Person, height, 0.65));

    [Fact]
    public void What_stands_needs_ground_and_what_flies_does_not()
    {
        var scene = Scene("grass", Own(Person, top: 30, bottom: 90));
        Assert.False(scene.Fits(Person, 0.1, 0.39));
        Assert.False(scene.Fits(Person, 0.1, 0.41));
        Assert.True(scene.Fits(Bird, 0.1, 0.3));
        Assert.False(scene.Fits(Boat, 0.3, 0.8));
    }

    [Fact]
    public void The_foot_of_a_wall_is_no_horizon()
    {
        var scene = Scene("living room", Own(Person, top: 20, bottom: 90));
        Assert.True(scene.Horizon < scene.Ground - 0.2, $"{scene.Horizon} {scene.Ground}");
        Assert.True(scene.Fits(Person, 0.35, scene.Ground + 0.05));
    }

    [Fact]
    public void Parts_of_a_torn_mask_are_one_object_and_fragments_are_none()
    {
        var scene = Scene(
            "grass",
            new PlacedObject(Person, new PixelBox(20, 30, 30, 25), BorderSides.None),
            new PlacedObject(Person, new PixelBox(20, 60, 30, 30), BorderSides.None),
            new PlacedObject(Person, new PixelBox(80, 5, 4, 4), BorderSides.None)
        );
        Assert.Equal(0.40, scene.Ground, Tolerance);
        Assert.Equal(0, scene.Off(Person, 0.30, 0.65)!.Value, 0.05);
    }

    [Fact]
    public void An_object_whose_feet_are_outside_the_image_tells_no_size()
    {
        var cut = new PlacedObject(Person, new PixelBox(20, 30, 30, 70), BorderSides.Bottom);
        Assert.Null(Scene("grass", cut).Off(Person, 0.3, 0.65));
    }

    private static PlacedObject Own(byte classId, int top, int bottom) =>
        new(classId, new PixelBox(20, top, 30, bottom - top), BorderSides.None);

    /// <summary>A bright upper part and a dark lower one.</summary>
    private static ScenePerspective Scene(string name, params PlacedObject[] objects)
    {
        var (image, labels) = (new RgbImage(Side, Side), new LabelMap(Side, Side));
        for (var y = 0; y < Side; y++)
            for (var x = 0; x < Side; x++) image[x, y].Fill((byte)(y < GroundRow ? 220 : 60));
        return ScenePerspective.Of(image, labels, name, objects, LabelSet.Voc);
    }

    private static byte Class(string name) => (byte)VocClasses.IndexOf(name);
}
