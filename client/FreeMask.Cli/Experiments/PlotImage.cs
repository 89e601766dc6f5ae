using System.Globalization;
using System.Text;
using FreeMask.Cli.Reports;
using NetVips;

namespace FreeMask.Cli.Experiments;

/// <summary>
/// Draws a plot: a row for each label, a mark with a whisker for each series. Series differ in color and in the shape of their marks.
/// </summary>
internal static class PlotImage
{
    private const double Width = 900, RowHeight = 26, Top = 64, Bottom = 56, Right = 24, Gap = 12, TextSize = 12, TitleSize = 15;
    private const double MostLabelWidth = 380;
    private const int Ticks = 5, Scale = 2;
    private const string Ink = "#1c2733", Faint = "#dfe4e9";

    private static readonly string[] Colors = ["#1f5fa8", "#b4501e", "#2f7d4f", "#7a4a9c", "#8a6d1a"];

    /// <summary>The plot as SVG, with text as text.</summary>
    internal static string ToSvg(ExperimentPlot plot) => Draw(plot, Text);

    /// <summary>The plot as PNG of 1800 pixels, with text as outlines: no font is needed.</summary>
    internal static byte[] ToPng(ExperimentPlot plot)
    {
        var svg = Draw(plot, (text, x, y, size, anchor) => GlyphOutlines.Write(text, x - Before(text, size, anchor), y, size, Ink));
        using var image = Image.SvgloadBuffer(Encoding.UTF8.GetBytes(svg), scale: Scale);
        return image.PngsaveBuffer();
    }

    private static double Before(string text, double size, string anchor) => anchor switch
    {
        "end" => GlyphOutlines.Width(text, size),
        "middle" => GlyphOutlines.Width(text, size) / 2,
        _ => 0,
    };

    private static string Text(string text, double x, double y, double size, string anchor) => string.Create(
        CultureInfo.InvariantCulture,
        $"<text x=\"{x:0.##}\" y=\"{y:0.##}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{Ink}\">{Html.Text(text)}</text>"
    );

    private static string Draw(ExperimentPlot plot, Func<string, double, double, double, string, string> write)
    {
        var labels = plot.Series.SelectMany(series => series.Points.Select(point => point.Label)).Distinct().ToList();
        var left = Math.Min(MostLabelWidth, labels.Max(label => GlyphOutlines.Width(label, TextSize))) + (2 * Gap);
        var height = Top + (RowHeight * labels.Count) + Bottom;
        var (low, high, step) = Axis(plot);
        double X(double value) => left + ((value - low) / (high - low) * (Width - Right - left));
        double Y(int row) => Top + (RowHeight * (row + 0.5));

        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{height}\" viewBox=\"0 0 {Width} {height}\" "
                + $"font-family=\"system-ui, sans-serif\"><rect width=\"{Width}\" height=\"{height}\" fill=\"#ffffff\"/>"
        );
        svg.Append(write(plot.Title, Gap, 24, TitleSize, "start"));
        for (var tick = low; tick <= high + (step / 2); tick += step)
        {
            svg.Append(Line(X(tick), Top, X(tick), height - Bottom, Faint, 1));
            svg.Append(write(Measured.Number(tick, step < 0.1 ? "0.00" : "0.0"), X(tick), height - Bottom + 18, TextSize, "middle"));
        }

        svg.Append(write(plot.Axis, left, height - 14, TextSize, "start"));
        foreach (var (row, label) in labels.Index())
        {
            svg.Append(Line(left, Y(row), Width - Right, Y(row), Faint, 0.5));
            svg.Append(write(Shorten(label), left - Gap, Y(row) + 4, TextSize, "end"));
        }

        var legend = left;
        foreach (var (index, series) in plot.Series.Index())
        {
            svg.Append(Mark(index, legend + 5, 44));
            svg.Append(write(series.Name, legend + Gap + 4, 48, TextSize, "start"));
            legend += GlyphOutlines.Width(series.Name, TextSize) + (4 * Gap);
            foreach (var point in series.Points.Where(point => double.IsFinite(point.Value)))
            {
                var y = Y(labels.IndexOf(point.Label)) + Shift(plot, series, point.Label);
                svg.Append(Line(X(point.Low), y, X(point.High), y, Colors[index % Colors.Length], 1.5));
                svg.Append(Mark(index, X(point.Value), y));
            }
        }

        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>How far below the middle of its row a series is drawn: those of a row lie one below the other.</summary>
    private static double Shift(ExperimentPlot plot, PlotSeries series, string label)
    {
        var present = plot.Series.Where(other => other.Points.Any(point => point.Label == label)).ToList();
        return (present.IndexOf(series) - ((present.Count - 1) / 2.0)) * Math.Min(6, RowHeight / (present.Count + 1));
    }

    /// <summary>The ends of the axis and the distance of its ticks: round numbers around all intervals.</summary>
    private static (double Low, double High, double Step) Axis(ExperimentPlot plot)
    {
        var ends = plot
            .Series.SelectMany(series => series.Points)
            .SelectMany(point => (double[])[point.Low, point.High, point.Value])
            .Where(double.IsFinite)
            .ToList();
        var (least, most) = (ends.Min(), ends.Max());
        var raw = Math.Max(1e-3, (most - least) / Ticks);
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = new[] { 1, 2, 5, 10 }.Select(factor => factor * power).First(candidate => candidate >= raw);
        return (Math.Floor(least / step) * step, Math.Ceiling(most / step) * step, step);
    }

    private static string Shorten(string label)
    {
        while (label.Length > 1 && GlyphOutlines.Width(label, TextSize) > MostLabelWidth) label = label[..^2] + ".";
        return label;
    }

    private static string Mark(int index, double x, double y)
    {
        var color = Colors[index % Colors.Length];
        return (index % 3) switch
        {
            0 => string.Create(CultureInfo.InvariantCulture, $"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"4\" fill=\"{color}\"/>"),
            1 => string.Create(
                CultureInfo.InvariantCulture,
                $"<rect x=\"{x - 3.5:0.##}\" y=\"{y - 3.5:0.##}\" width=\"7\" height=\"7\" fill=\"{color}\"/>"
            ),
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"<path d=\"M{x:0.##} {y - 5:0.##}l5 9h-10z\" fill=\"{color}\"/>"
            ),
        };
    }

    private static string Line(double x1, double y1, double x2, double y2, string color, double width) => string.Create(
        CultureInfo.InvariantCulture,
        $"<line x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\" stroke=\"{color}\" stroke-width=\"{width}\"/>"
    );
}
