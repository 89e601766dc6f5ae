using System.Xml.Linq;
using FreeMask.Cli.Experiments;
using FreeMask.Imaging;
using Xunit;

namespace FreeMask.Cli.Tests.Experiments;

public sealed class PlotImageTests
{
    private static readonly ExperimentPlot Plot = new(
        "Title <of> this & that",
        "mIoU",
        [
            new("first", [new("row a", 0.4, 0.3, 0.5), new("row b", double.NaN, double.NaN, double.NaN)]),
            new("second", [new("row a", 0.1, 0.05, 0.2), new("row b", 0.7, 0.6, 0.9)]),
        ]
    );

    [Fact]
    public void The_svg_has_a_mark_for_each_finite_number_and_its_text_is_escaped()
    {
        var svg = XDocument.Parse(PlotImage.ToSvg(Plot));
        XNamespace ns = "http://www.w3.org/2000/svg";
        // One mark each, and one in the legend.
        Assert.Equal(2, svg.Descendants(ns + "circle").Count());
        Assert.Equal(1 + 1 + 2, svg.Descendants(ns + "rect").Count());
        var texts = svg.Descendants(ns + "text").Select(text => text.Value).ToList();
        Assert.Contains("Title <of> this & that", texts);
        Assert.Equal(1, texts.Count(text => text == "row b"));
        Assert.Contains("0.0", texts);
    }

    [Fact]
    public void The_png_has_its_text_without_any_font()
    {
        var image = ImageCodec.Decode(PlotImage.ToPng(Plot), "plot");
        Assert.Equal(1800, image.Width);
        // The title is above the legend, where nothing else is drawn.
        var dark = Enumerable.Range(0, 60 * image.Width).Count(i => image.Pixels[3 * i] < 100);
        Assert.InRange(dark, 500, 20_000);
    }

    [Fact]
    public void Long_labels_are_shortened()
    {
        var plot = Plot with { Series = [new("s", [new(new string('w', 300), 1, 0, 2)])] };
        Assert.DoesNotContain(new string('w', 100), PlotImage.ToSvg(plot), StringComparison.Ordinal);
    }
}
