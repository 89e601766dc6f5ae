using System.Globalization;
using System.Text;
using FreeMask.Randomness;

namespace FreeMask.Training.Mini.Art;

/// <summary>A drawing of the project's own: an SVG document on a 128x128 canvas.</summary>
internal sealed record Drawing(string Name, int ClassId, string Svg);

/// <summary>
/// The project's own parametric drawings, for classes that the icon packages lack (dining table) or have too few images of.
/// Colors and proportions of variant n come from the random stream (n, class), so the set never changes.
/// </summary>
internal static class DrawnArt
{
    private const ulong Seed = 7;
    private static readonly string[] Woods = ["#8a5a33", "#a9713f", "#c08a52", "#6d4526", "#b5793f", "#d0a068"];
    private static readonly string[] Fabrics = ["#3f7f8c", "#a8433c", "#5a7a3c", "#7a5a94", "#c98a3a", "#4a66a0", "#8a8078", "#b06a5a"];
    private static readonly string[] Paints = ["#d33a2f", "#2f6fd3", "#2f9a56", "#e0a020", "#8844b0", "#20a0b0"];

    private static readonly DrawingSeries[] Series =
    [
        new(1, "aeroplane", 10, 4, Aeroplane),
        new(2, "bicycle", 7, 4, Bicycle),
        new(4, "boat", 8, 8, Boat),
        new(5, "bottle", 10, 14, Bottle),
        new(9, "chair", 10, 14, Chair),
        new(11, "table", 15, 21, Table),
        new(13, "horse", 6, 2, Horse),
        new(16, "plant", 7, 14, Plant),
        new(18, "sofa", 12, 24, Sofa),
        new(20, "television", 8, 8, Television),
    ];

    /// <summary>Every drawing of which some are held out, in a fixed order.</summary>
    internal static IEnumerable<Drawing> All() => Series.SelectMany(series => Draw(series, 0, series.Count));

    /// <summary>Further drawings, for training only.</summary>
    internal static IEnumerable<Drawing> Additional() => Series.SelectMany(series => Draw(series, series.Count, series.Additional));

    private static IEnumerable<Drawing> Draw(DrawingSeries series, int first, int count)
    {
        var (classId, name, _, _, draw) = series;
        for (var variant = first; variant < first + count; variant++)
        {
            var canvas = new SvgPage();
            draw(canvas, new CounterRandom(Seed, variant, 0, name), variant);
            yield return new Drawing($"{name}-{variant + 1}", classId, canvas.ToSvg());
        }
    }

    /// <param name="ClassId">The VOC class.</param>
    /// <param name="Name">Names the drawings.</param>
    /// <param name="Count">Drawings of which some are held out.</param>
    /// <param name="Additional">Further drawings, for training only.</param>
    /// <param name="Draw">Draws a variant.</param>
    private sealed record DrawingSeries(
        int ClassId, string Name, int Count, int Additional, Action<SvgPage, CounterRandom, int> Draw);

    private static void Table(SvgPage c, CounterRandom random, int variant)
    {
        var wood = random.Pick(Woods);
        var dark = Shade(wood, 0.72);
        double left = random.NextDouble(4, 12), right = 128 - left, top = random.NextDouble(36, 46), depth = random.NextDouble(14, 22);
        var foot = random.NextDouble(104, 114);
        var inset = random.NextDouble(10, 18);
        var edge = top + depth;
        if (variant % 3 == 0)
        {
            var half = random.NextDouble(4, 6);
            c.Rect(64 - half, edge - 4, 2 * half, foot - edge, 2, dark);
            c.Path(
                $"M{N(64 - 26)} {N(foot)} Q64 {N(foot - 16)} {N(64 + 26)} {N(foot)} L{N(64 + 26)} {N(foot + 4)} L{N(64 - 26)} "
                    + $"{N(foot + 4)} Z",
                dark
            );
            c.Ellipse(64, top + (depth / 2) + 4, (right - left) / 2, depth / 2, Shade(wood, 0.8));
            c.Ellipse(64, top + (depth / 2), (right - left) / 2, depth / 2, wood);
        }
        else
        {
            var thickness = random.NextDouble(5, 7.5);
            c.Rect(left + inset + 8, edge, thickness - 1, foot - 10 - edge, 1, Shade(wood, 0.58));
            c.Rect(right - inset - 8 - thickness, edge, thickness - 1, foot - 10 - edge, 1, Shade(wood, 0.58));
            c.Rect(left + 4, edge, thickness, foot - edge, 1, dark);
            c.Rect(right - 4 - thickness, edge, thickness, foot - edge, 1, dark);
            c.Rect(left, edge, right - left, random.NextDouble(5, 8), 1, Shade(wood, 0.8));
            c.Path($"M{N(left + inset)} {N(top)} L{N(right - inset)} {N(top)} L{N(right)} {N(edge)} L{N(left)} {N(edge)} Z", wood);
        }

        if (variant % 3 == 2)
        {
            var cloth = random.Pick(["#f2efe6", "#d9534a", "#7fa8d0", "#f0d890"]);
            var drop = random.NextDouble(14, 24);
            c.Path(
                $"M{N(left + inset)} {N(top - 1)} L{N(right - inset)} {N(top - 1)} L{N(right + 1)} {N(edge)} L{N(left - 1)} {N(edge)} Z",
                cloth
            );
            c.Path(
                $"M{N(left - 1)} {N(edge)} L{N(right + 1)} {N(edge)} L{N(right + 1)} {N(edge + drop)} Q96 {N(edge + drop - 6)} 80 "
                    + $"{N(edge + drop)} Q64 {N(edge + drop - 6)} 48 {N(edge + drop)} Q30 {N(edge + drop - 6)} {N(left - 1)} "
                    + $"{N(edge + drop)} Z",
                Shade(cloth, 0.86)
            );
        }
    }

    private static void Sofa(SvgPage c, CounterRandom random, int variant)
    {
        var fabric = Fabrics[variant % Fabrics.Length];
        double back = random.NextDouble(34, 42),
            seat = random.NextDouble(66, 72),
            arm = random.NextDouble(15, 20),
            radius = random.NextDouble(6, 13);
        var armTop = random.NextDouble(52, 58);
        foreach (var x in (double[])[16, 106]) c.Rect(x, 96, 6, 12, 1, "#5b3d24");
        c.Rect(12, back, 104, 60, radius, Shade(fabric, 0.85));
        var cushions = 2 + (variant % 2);
        var width = (104 - arm) / cushions;
        for (var i = 0; i < cushions; i++) c.Rect(12 + (arm / 2) + (i * width) + 1, back + 5, width - 2, 32, 6, Shade(fabric, 1.08));
        c.Rect(12, seat + 10, 104, 22, 4, Shade(fabric, 0.75));
        for (var i = 0; i < cushions; i++) c.Rect(12 + (arm / 2) + (i * width) + 1, seat, width - 2, 16, 5, Shade(fabric, 1.18));
        c.Rect(4, armTop, arm, 100 - armTop, radius, fabric);
        c.Rect(124 - arm, armTop, arm, 100 - armTop, radius, fabric);
    }

    private static void Chair(SvgPage c, CounterRandom random, int variant)
    {
        var wood = random.Pick(Woods);
        var dark = Shade(wood, 0.7);
        double left = random.NextDouble(34, 38), right = 128 - left, seat = random.NextDouble(66, 72), foot = 122;
        c.Rect(left + 5, seat, 5, foot - 10 - seat, 1, Shade(wood, 0.55));
        c.Rect(right - 10, seat, 5, foot - 10 - seat, 1, Shade(wood, 0.55));
        c.Rect(left, 8, 6, seat - 6, 2, dark);
        c.Rect(right - 6, 8, 6, seat - 6, 2, dark);
        if (variant % 2 == 0)
        {
            c.Rect(left + 2, 8, right - left - 4, 12, 3, wood);
            c.Rect(left + 2, 28, right - left - 4, 9, 2, wood);
            c.Rect(left + 2, 45, right - left - 4, 9, 2, wood);
        }
        else
        {
            c.Rect(left + 1, 8, right - left - 2, 44, 7, variant % 4 == 1 ? random.Pick(Fabrics) : wood);
        }

        c.Path(
            $"M{N(left - 1)} {N(seat - 10)} L{N(right + 1)} {N(seat - 10)} L{N(right + 8)} {N(seat + 4)} L{N(left - 8)} {N(seat + 4)} Z",
            wood
        );
        c.Rect(left - 8, seat + 4, right - left + 16, 6, 1, Shade(wood, 0.8));
        c.Rect(left - 7, seat + 8, 7, foot - seat - 8, 1, dark);
        c.Rect(right, seat + 8, 7, foot - seat - 8, 1, dark);
    }

    private static void Bottle(SvgPage c, CounterRandom random, int variant)
    {
        var glass = ((string[])["#2f7a45", "#7a4a22", "#3f86b8", "#4a8f3a", "#9a3030", "#2a5f66"])[variant % 6];
        double half = random.NextDouble(17, 22), neck = random.NextDouble(6.5, 8.5), shoulder = random.NextDouble(46, 58), mouth = 16;
        c.Path(
            $"M{N(64 - neck)} {N(mouth)} L{N(64 - neck)} 34 C{N(64 - neck)} {N(shoulder - 6)} {N(64 - half)} {N(shoulder - 8)} "
                + $"{N(64 - half)} {N(shoulder + 4)} L{N(64 - half)} 118 Q{N(64 - half)} 124 {N(64 - half + 6)} 124 L{N(64 + half - 6)} "
                + $"124 Q{N(64 + half)} 124 {N(64 + half)} 118 L{N(64 + half)} {N(shoulder + 4)} C{N(64 + half)} {N(shoulder - 8)} "
                + $"{N(64 + neck)} {N(shoulder - 6)} {N(64 + neck)} 34 L{N(64 + neck)} {N(mouth)} Z",
            glass
        );
        c.Rect(64 - half + 4, shoulder + 6, 5, 112 - shoulder, 2, Shade(glass, 1.5));
        c.Rect(64 - half, 74, 2 * half, random.NextDouble(26, 34), 0, random.Pick(["#f0e6cc", "#f4f4f0", "#e8d080"]));
        c.Rect(64 - half + 6, 84, (2 * half) - 12, 5, 1, random.Pick(Paints));
        c.Rect(64 - neck - 1.5, 5, (2 * neck) + 3, 13, 2, random.Pick(["#c8a040", "#b03030", "#d8d8d8", "#303030"]));
    }

    private static void Plant(SvgPage c, CounterRandom random, int variant)
    {
        var leaf = random.Pick(["#3f8f3a", "#4fa648", "#2f7a3f", "#6aa83a"]);
        var pot = random.Pick(["#c0653a", "#b85a34", "#d08050", "#a8a29a", "#4a7aa0"]);
        double top = random.NextDouble(78, 84), half = random.NextDouble(22, 28);
        var leaves = 7 + (variant % 3 * 2);
        for (var i = 0; i < leaves; i++)
        {
            var angle = (((i + 0.5) / leaves) - 0.5) * 2.5;
            var reach = random.NextDouble(56, 68) * (1 - (0.12 * Math.Abs(angle)));
            double x = 64 + (Math.Sin(angle) * reach), y = top - (Math.Cos(angle) * reach), wide = random.NextDouble(9, 13);
            double px = Math.Cos(angle) * wide, py = Math.Sin(angle) * wide, mx = (64 + x) / 2, my = (top + y) / 2;
            c.Path(
                $"M64 {N(top)} Q{N(mx - px)} {N(my - py)} {N(x)} {N(y)} Q{N(mx + px)} {N(my + py)} 64 {N(top)} Z",
                Shade(leaf, i % 2 == 0 ? 0.85 : 1.15)
            );
        }

        c.Path($"M{N(64 - half + 2)} {N(top + 4)} L{N(64 + half - 2)} {N(top + 4)} L{N(64 + half - 8)} 124 L{N(64 - half + 8)} 124 Z", pot);
        c.Rect(64 - half - 1, top - 4, (2 * half) + 2, 11, 2, Shade(pot, 0.85));
    }

    private static void Television(SvgPage c, CounterRandom random, int variant)
    {
        var frame = random.Pick(["#2b2d31", "#3a3d44", "#55585f", "#1f2124"]);
        double top = random.NextDouble(20, 26), height = random.NextDouble(62, 70), border = random.NextDouble(4, 6);
        var screen = random.Pick(["#58b4e0", "#4aa0d8", "#7ac4d8", "#3f78b0"]);
        c.Rect(58, top + height - 2, 12, 18, 0, Shade(frame, 0.8));
        c.Rect(variant % 2 == 0 ? 38 : 46, top + height + 13, variant % 2 == 0 ? 52 : 36, 7, 2, frame);
        c.Rect(6, top, 116, height, 4, frame);
        c.Rect(6 + border, top + border, 116 - (2 * border), height - (2 * border), 1, screen);
        c.Path(
            $"M{N(6 + border)} {N(top + border)} L{N(62)} {N(top + border)} L{N(30)} {N(top + height - border)} L{N(6 + border)} "
                + $"{N(top + height - border)} Z",
            Shade(screen, 1.18)
        );
    }

    private static void Bicycle(SvgPage c, CounterRandom random, int variant)
    {
        var paint = Paints[variant % Paints.Length];
        double radius = random.NextDouble(23, 26), hub = 88, front = 30, rear = 98, stroke = random.NextDouble(4.5, 6);
        foreach (var x in (double[])[front, rear])
        {
            c.Ring(x, hub, radius, 4.5, "#2e3034");
            c.Ring(x, hub, radius - 4, 1.5, "#b8bcc2");
            c.Line(x - radius + 3, hub, x + radius - 3, hub, 1.2, "#9aa0a8");
            c.Line(x, hub - radius + 3, x, hub + radius - 3, 1.2, "#9aa0a8");
            c.Ellipse(x, hub, 3.5, 3.5, "#55585f");
        }

        double crankX = 62, seatX = random.NextDouble(72, 76), headX = random.NextDouble(40, 43), bar = random.NextDouble(44, 49);
        c.Line(rear, hub, crankX, hub, stroke, paint);
        c.Line(rear, hub, seatX, bar + 8, stroke, paint);
        c.Line(crankX, hub, seatX, bar + 4, stroke, paint);
        c.Line(crankX, hub, headX, bar + 10, stroke, paint);
        c.Line(seatX, bar + 10, headX, bar + 10, stroke, paint);
        c.Line(front, hub, headX + 3, bar - 4, stroke, paint);
        c.Line(headX + 4, bar - 4, headX - 10, bar - 8, 4, "#3a3d44");
        c.Line(seatX, bar + 6, seatX + 2, bar - 3, 3.5, "#3a3d44");
        c.Rect(seatX - 8, bar - 7, 22, 6, 3, "#3a2a20");
        c.Ellipse(crankX, hub, 6, 6, "#55585f");
    }

    private static void Aeroplane(SvgPage c, CounterRandom random, int variant)
    {
        var body = random.Pick(["#e8ecf0", "#f2f4f6", "#d8e0e8"]);
        var paint = Paints[variant % Paints.Length];
        double middle = 66, half = random.NextDouble(10, 12.5);
        c.Path($"M104 {N(middle - 4)} L114 {N(middle - 36)} L124 {N(middle - 36)} L121 {N(middle + 2)} Z", paint);
        c.Path($"M60 {N(middle - 4)} L84 {N(middle - 30)} L92 {N(middle - 30)} L80 {N(middle - 2)} Z", Shade(body, 0.72));
        c.Path(
            $"M4 {N(middle + 2)} C8 {N(middle - half)} 22 {N(middle - half)} 36 {N(middle - half)} L108 {N(middle - half + 2)} C122 "
                + $"{N(middle - half + 3)} 124 {N(middle - 2)} 122 {N(middle)} C112 {N(middle + half)} 84 {N(middle + half)} 60 "
                + $"{N(middle + half)} L26 {N(middle + half)} C12 {N(middle + half)} 4 {N(middle + 8)} 4 {N(middle + 2)} Z",
            body
        );
        c.Path(
            $"M10 {N(middle + 5)} L116 {N(middle + 3)} C108 {N(middle + half)} 84 {N(middle + half)} 60 {N(middle + half)} L26 "
                + $"{N(middle + half)} C18 {N(middle + half)} 12 {N(middle + 9)} 10 {N(middle + 5)} Z",
            Shade(paint, 1.05)
        );
        for (var x = 34; x <= 94; x += 10) c.Rect(x, middle - 5, 5, 5, 1.5, "#3f6f98");
        c.Path($"M12 {N(middle - 4)} L24 {N(middle - 6)} L24 {N(middle)} L9 {N(middle)} Z", "#3f6f98");
        c.Path($"M48 {N(middle + 3)} L74 {N(middle + 3)} L102 {N(middle + 36)} L90 {N(middle + 36)} Z", Shade(body, 0.84));
        c.Path($"M100 {N(middle - 2)} L112 {N(middle - 2)} L124 {N(middle + 12)} L114 {N(middle + 12)} Z", Shade(body, 0.8));
    }

    private static void Boat(SvgPage c, CounterRandom random, int variant)
    {
        var hull = Paints[variant % Paints.Length];
        double deck = random.NextDouble(84, 90), keel = deck + random.NextDouble(22, 28);
        if (variant % 2 == 0)
        {
            var sail = random.Pick(["#f4f0e4", "#f0d890", "#e8eef4", "#e07050"]);
            c.Rect(62, 8, 4, deck - 8, 1, "#6d4526");
            c.Path($"M60 12 L60 {N(deck - 8)} L{N(random.NextDouble(14, 22))} {N(deck - 8)} Z", sail);
            c.Path($"M68 20 L68 {N(deck - 8)} L{N(random.NextDouble(98, 108))} {N(deck - 8)} Z", Shade(sail, 0.85));
        }
        else
        {
            double cabin = random.NextDouble(48, 56);
            c.Rect(78, cabin - 18, 10, 24, 1, Shade(hull, 0.7));
            c.Rect(46, cabin, 52, deck - cabin + 2, 3, "#eceef0");
            c.Rect(42, cabin - 4, 60, 6, 2, Shade(hull, 0.85));
            for (var x = 52; x <= 84; x += 14) c.Rect(x, cabin + 9, 9, 10, 2, "#3f88b8");
        }

        c.Path(
            $"M6 {N(deck - 6)} L120 {N(deck)} C118 {N(keel - 8)} 112 {N(keel)} 100 {N(keel)} L36 {N(keel)} C22 {N(keel)} 12 "
                + $"{N(deck + 12)} 6 {N(deck - 6)} Z",
            hull
        );
        c.Path($"M6 {N(deck - 6)} L120 {N(deck)} L119 {N(deck + 6)} L9 {N(deck + 1)} Z", "#f2f2ee");
    }

    private static void Horse(SvgPage c, CounterRandom random, int variant)
    {
        var coat = ((string[])["#8a5530", "#6a3f28", "#b07a48", "#4a3a34", "#a8a098", "#9a6238"])[variant % 6];
        var mane = variant % 6 == 4 ? "#5a5650" : Shade(coat, 0.45);
        double back = random.NextDouble(50, 54), belly = random.NextDouble(78, 82), hoof = 122;
        c.Path($"M108 {N(back + 4)} C124 {N(back + 4)} 126 80 120 100 C114 92 116 70 104 {N(back + 12)} Z", mane);
        foreach (var x in (double[])[50, 92])
            c.Path(
                $"M{N(x)} {N(belly - 6)} L{N(x + 10)} {N(belly - 6)} L{N(x + 8)} {N(hoof - 4)} L{N(x + 1)} {N(hoof - 4)} Z",
                Shade(coat, 0.75)
            );
        c.Path(
            $"M40 {N(back + 4)} C56 {N(back - 3)} 92 {N(back - 3)} 106 {N(back)} C116 {N(back + 6)} 114 {N(belly)} 102 {N(belly + 2)} "
                + $"C84 {N(belly - 4)} 66 {N(belly + 4)} 46 {N(belly)} C34 {N(belly - 6)} 34 {N(back + 12)} 40 {N(back + 4)} Z",
            coat
        );
        foreach (var x in (double[])[38, 101])
        {
            c.Path($"M{N(x)} {N(belly - 10)} L{N(x + 13)} {N(belly - 8)} L{N(x + 9)} {N(hoof)} L{N(x + 1)} {N(hoof)} Z", coat);
            c.Rect(x, hoof - 5, 10, 6, 1, "#3a3230");
        }

        c.Path($"M36 {N(belly - 8)} C32 60 26 40 22 30 L40 18 C50 30 60 44 66 {N(back)} Z", coat);
        c.Path("M40 16 C52 26 62 40 68 54 C56 50 48 36 38 26 Z", mane);
        c.Path("M40 16 C32 10 26 18 18 30 C12 38 4 44 8 52 C14 58 22 50 28 46 C38 42 46 32 40 16 Z", coat);
        c.Path("M34 18 L37 5 L43 17 Z", coat);
        c.Ellipse(25, 29, 2.6, 2.6, "#1c1a1a");
    }

    private static string Shade(string color, double factor)
    {
        var text = new StringBuilder("#");
        for (var i = 1; i < 7; i += 2)
        {
            var value = int.Parse(color.AsSpan(i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"{(int)Math.Clamp(value * factor, 0, 255):x2}");
        }

        return text.ToString();
    }

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static T Pick<T>(this CounterRandom random, T[] items) => items[random.NextInt(items.Length)];

    /// <summary>An SVG document under construction.</summary>
    private sealed class SvgPage
    {
        private readonly StringBuilder _body = new();

        internal void Rect(double x, double y, double width, double height, double radius, string fill) =>
            _body.Append(
                CultureInfo.InvariantCulture,
                $"""<rect x="{N(x)}" y="{N(y)}" width="{N(width)}" height="{N(height)}" rx="{N(radius)}" fill="{fill}"/>"""
            );

        internal void Ellipse(double x, double y, double radiusX, double radiusY, string fill) =>
            _body.Append(
                CultureInfo.InvariantCulture,
                $"""<ellipse cx="{N(x)}" cy="{N(y)}" rx="{N(radiusX)}" ry="{N(radiusY)}" fill="{fill}"/>"""
            );

        internal void Ring(double x, double y, double radius, double width, string stroke) =>
            _body.Append(
                CultureInfo.InvariantCulture,
                $"""<circle cx="{N(x)}" cy="{N(y)}" r="{N(radius)}" fill="none" stroke="{stroke}" """
                    + $"""stroke-width="{N(width)}"/>"""
            );

        internal void Line(double x1, double y1, double x2, double y2, double width, string stroke) =>
            _body.Append(
                CultureInfo.InvariantCulture,
                $"""<line x1="{N(x1)}" y1="{N(y1)}" x2="{N(x2)}" y2="{N(y2)}" stroke="{stroke}" """
                    + $"""stroke-width="{N(width)}" stroke-linecap="round"/>"""
            );

        internal void Path(string data, string fill) => _body.Append(CultureInfo.InvariantCulture, $"""<path d="{data}" fill="{fill}"/>""");

        internal string ToSvg() =>
            $"""<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128" viewBox="0 0 128 128">{_body}</svg>""";
    }
}
