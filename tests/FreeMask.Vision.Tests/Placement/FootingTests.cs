using FreeMask.Imaging;
using FreeMask.Vision.Placement;
using Xunit;

namespace FreeMask.Vision.Tests.Placement;

public sealed class FootingTests
{
    private const int Side = 100;

    private static readonly Layer Behind = Box(new PixelBox(30, 20, 20, 30), 1);

    [Fact]
    public void What_no_nearer_object_hides_stands_in_full_view() =>
        Assert.Equal([1, 1], Visible(Behind, Box(new PixelBox(60, 40, 20, 30), 2)));

    [Fact]
    public void A_nearer_object_right_below_the_feet_hides_the_ground()
    {
        var visible = Visible(Behind, Box(new PixelBox(20, 51, 40, 30), 2));
        Assert.InRange(visible[0], 0, 0.75);
        Assert.Equal(1, visible[1]);
    }

    [Fact]
    public void Ground_between_the_feet_and_a_nearer_object_is_enough() =>
        Assert.Equal(1, Visible(Behind, Box(new PixelBox(20, 60, 40, 30), 2))[0]);

    [Fact]
    public void A_nearer_object_beside_the_feet_hides_its_share()
    {
        var visible = Visible(Behind, Box(new PixelBox(45, 30, 30, 50), 2));
        Assert.Equal(0.75, visible[0], 1e-9);
    }

    [Fact]
    public void Nothing_stands_between_the_legs_of_a_table()
    {
        var table = Frame(new PixelBox(20, 10, 40, 70), 2);
        Assert.Equal(0, Visible(Behind, table)[0]);
    }

    private static double[] Visible(params Layer[] backToFront) => Footing.Visible(backToFront, Side, Side);

    private static Layer Box(PixelBox box, int order) => Of(box, order, (_, _) => true);

    /// <summary>A rectangle of which only the outline is solid.</summary>
    private static Layer Frame(PixelBox box, int order) =>
        Of(box, order, (x, y) => x < 3 || y < 3 || x >= box.Width - 3 || y >= box.Height - 3);

    private static Layer Of(PixelBox box, int order, Func<int, int, bool> isSolid)
    {
        var labels = new LabelMap(Side, Side);
        for (var y = 0; y < box.Height; y++)
            for (var x = 0; x < box.Width; x++)
                if (isSolid(x, y)) labels[box.X + x, box.Y + y] = 1;
        var cutout = Cutout.Whole(new RgbImage(Side, Side), labels, 1)!;
        var sprite = Sprite.Outline(cutout, cutout.Width, cutout.Height);
        return new Layer(sprite, cutout.Source.X, cutout.Source.Y, 1, (byte)order, order, IsOwn: false);
    }
}
