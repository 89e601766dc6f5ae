using System.Globalization;
using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Cli.Experiments;

/// <summary>A rendered image with exact labels.</summary>
/// <param name="Image">The image with its labels.</param>
/// <param name="Instances">Its objects, from 1; 0 for background.</param>
internal sealed record DomainScene(LabeledImage Image, LabelMap Instances);

/// <summary>A kind of images unlike PASCAL VOC's.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Classes">Its classes, without background.</param>
/// <param name="Paint">Paints a scene.</param>
internal sealed record Domain(string Name, IReadOnlyList<string> Classes, Action<DomainCanvas> Paint);

/// <summary>
/// Simple renderings of four domains, with exact masks: each class has a form and a range of colors of its own, objects vary in number,
/// size, place and brightness, and images are noisy.
/// </summary>
internal static class DomainScenes
{
    /// <summary>Width and height in pixels.</summary>
    internal const int Side = 64;

    /// <summary>The domains.</summary>
    internal static IReadOnlyList<Domain> All { get; } =
    [
        new("cells", ["round cell", "long cell"], Cells),
        new("aerial tiles", ["building", "road", "tree"], Tiles),
        new("streets", ["car", "pedestrian", "pole"], Street),
        new("shelves", ["bottle", "box", "can"], Shelf),
    ];

    /// <summary>Renders a scene; the same arguments give the same.</summary>
    internal static DomainScene Render(Domain domain, ulong seed, int index, string part)
    {
        var random = new CounterRandom(seed, index, 0, $"domain-{domain.Name}-{part}");
        var canvas = new DomainCanvas(Side, random);
        domain.Paint(canvas);
        var id = string.Create(CultureInfo.InvariantCulture, $"{part}-{index}");
        return new(new LabeledImage(id, canvas.Develop(), canvas.Labels), canvas.Instances);
    }

    private static void Cells(DomainCanvas canvas)
    {
        canvas.Fill(0, Side, (18, 22, 30), (28, 34, 46));
        for (var i = canvas.Random.NextInt(4) + 2; i > 0; i--)
        {
            var isLong = canvas.Random.NextInt(2) == 1;
            var radius = canvas.Random.NextDouble(5, 9);
            canvas.Ellipse(
                isLong ? (byte)2 : (byte)1,
                canvas.Anywhere(),
                isLong ? (1.9 * radius, 0.6 * radius) : (radius, radius),
                canvas.Random.NextDouble(0, Math.PI),
                isLong ? ((90, 40, 110), (170, 90, 200)) : ((40, 110, 60), (110, 210, 120))
            );
        }
    }

    private static void Tiles(DomainCanvas canvas)
    {
        canvas.Fill(0, Side, (120, 130, 90), (150, 150, 110));
        var middle = canvas.Random.NextDouble(16, 48);
        canvas.Ellipse(
            2,
            (middle, 32),
            (80, canvas.Random.NextDouble(3, 6)),
            canvas.Random.NextDouble(-0.3, 0.3),
            ((95, 95, 98), (125, 125, 128))
        );
        for (var i = canvas.Random.NextInt(3) + 1; i > 0; i--)
        {
            var size = (canvas.Random.NextDouble(9, 18), canvas.Random.NextDouble(8, 15));
            canvas.Box(1, canvas.Anywhere(), size, ((150, 80, 60), (200, 120, 100)));
        }


        for (var i = canvas.Random.NextInt(4) + 1; i > 0; i--)
        {
            var radius = canvas.Random.NextDouble(3, 6);
            canvas.Ellipse(3, canvas.Anywhere(), (radius, radius), 0, ((30, 70, 30), (60, 110, 50)));
        }
    }

    private static void Street(DomainCanvas canvas)
    {
        var horizon = canvas.Random.NextInt(10) + 24;
        canvas.Fill(0, horizon, (150, 175, 205), (190, 205, 220));
        canvas.Fill(horizon, Side, (80, 80, 84), (110, 110, 112));
        for (var i = canvas.Random.NextInt(2) + 1; i > 0; i--)
            canvas.Box(
                3,
                (canvas.Random.NextDouble(4, 60), horizon - 4),
                (2.5, canvas.Random.NextDouble(26, 36)),
                ((50, 55, 50), (80, 85, 80))
            );
        for (var i = canvas.Random.NextInt(3) + 1; i > 0; i--)
        {
            var foot = canvas.Random.NextDouble(horizon + 5, 60);
            var width = canvas.Random.NextDouble(12, 20) * foot / 60;
            canvas.Box(1, (canvas.Random.NextDouble(8, 56), foot - (width * 0.25)), (width, width * 0.5), ((130, 20, 25), (220, 60, 70)));
        }

        for (var i = canvas.Random.NextInt(3); i > 0; i--)
        {
            var foot = canvas.Random.NextDouble(horizon + 6, 60);
            var height = 18 * foot / 60;
            var middle = (canvas.Random.NextDouble(5, 59), foot - (height / 2));
            canvas.Ellipse(2, middle, (height * 0.16, height / 2), 0, ((30, 40, 110), (80, 90, 170)));
        }
    }

    private static void Shelf(DomainCanvas canvas)
    {
        canvas.Fill(0, Side, (175, 165, 150), (205, 195, 185));
        foreach (var board in (int[])[30, 61])
        {
            canvas.Fill(board, board + 3, (90, 70, 50), (100, 80, 60));
            for (var x = canvas.Random.NextDouble(5, 9); x < 60; x += canvas.Random.NextDouble(10, 15))
            {
                var height = canvas.Random.NextDouble(14, 24);
                switch (canvas.Random.NextInt(4))
                {
                    case 0:
                        canvas.Ellipse(1, (x, board - (height / 2)), (2.8, height / 2), 0, ((20, 90, 60), (60, 140, 100)));
                        break;
                    case 1:
                        canvas.Box(2, (x, board - (height * 0.4)), (9, height * 0.8), ((170, 120, 20), (230, 180, 70)));
                        break;
                    case 2:
                        canvas.Box(3, (x, board - 5), (6, 10), ((120, 120, 170), (170, 170, 230)));
                        break;
                }
            }
        }
    }
}
