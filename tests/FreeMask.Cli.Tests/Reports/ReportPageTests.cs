using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using FreeMask.Cli.Reports;
using FreeMask.GrainInterfaces;
using Xunit;

namespace FreeMask.Cli.Tests.Reports;

public sealed partial class ReportPageTests
{
    private const string Pixel = "data:image/png;base64,iVBORw0KGgo=";

    [Fact]
    public void The_page_is_well_formed_and_asks_no_server_for_anything()
    {
        var html = ReportPage.Write(Sample());

        var page = Parse(html);
        Assert.All(page.Descendants("img"), image => Assert.StartsWith("data:", image.Attribute("src")!.Value, StringComparison.Ordinal));
        Assert.Empty(page.Descendants("script"));
        Assert.Empty(page.Descendants("link"));
        Assert.DoesNotMatch(Address(), html);
    }

    [Fact]
    public void The_page_holds_what_the_run_was()
    {
        var text = Parse(ReportPage.Write(Sample())).Root!.Value;

        foreach (
            var expected in new[]
            {
                "pets & <more>",
                "completed",
                "0.41",
                "2 of 2",
                "mini",
                "cat",
                "dog",
                "0.55",
                "no object found",
                "abc123",
                "samplesPerRound",
                "kept",
                "Closest to the threshold",
            }
        )
            Assert.Contains(expected, text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_start_stands_beside_the_rounds()
    {
        var page = Parse(ReportPage.Write(Sample() with { StartMeanIoU = 0.28 }));

        foreach (var expected in new[] { "mIoU of the starting segmenter", "0.28", "mIoU at the start and after each round" })
            Assert.Contains(expected, page.Root!.Value, StringComparison.Ordinal);
        Assert.Equal(["start", "round 1", "round 2"], Ticks(page));
        Assert.Equal(["round 1", "round 2"], Ticks(Parse(ReportPage.Write(Sample()))));

        static IEnumerable<string> Ticks(XDocument page) =>
            page.Descendants("text").Select(text => text.Value).Where(text => text is "start" or "round 1" or "round 2");
    }

    [Fact]
    public void The_page_leads_to_what_lies_beside_it_and_says_what_was_measured()
    {
        var data = Sample() with
        {
            Products = [new("data set", "dataset", "dataset/"), new("log", "../../logs/a b.log", "../../logs/a%20b.log")],
            Notes = ["a <prompt> is cut off"],
        };
        data = data with { Rounds = [.. data.Rounds.Select(round => round with { MeasuredClasses = 21, MeanIoUOfRun = 0.77 })] };
        var page = Parse(ReportPage.Write(data));

        Assert.Equal(["dataset/", "../../logs/a%20b.log"], page.Descendants("a").Select(link => link.Attribute("href")!.Value));
        foreach (
            var expected in new[]
            {
                "mIoU on the held-out set, its 21 classes",
                "mIoU, the run's own classes",
                "0.77",
                "a <prompt> is cut off",
            }
        )
            Assert.Contains(expected, page.Root!.Value, StringComparison.Ordinal);
        // On a phone a chart keeps a size at which its text can be read, and is moved sideways.
        Assert.All(page.Descendants("svg"), chart => Assert.Equal("scroll", chart.Parent!.Attribute("class")!.Value));
        Assert.Contains("min-width: 26rem", ReportPage.Write(data), StringComparison.Ordinal);
    }

    [Fact]
    public void The_histogram_counts_every_score_once()
    {
        var svg = XElement.Parse(SvgCharts.Histogram(Sample().Rounds[0]));

        var titles = svg.Elements("rect").Select(bar => bar.Element("title")!.Value).Distinct().ToList();
        Assert.Equal(
            2,
            titles.Sum(title => int.Parse(KeptCount().Match(title).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))
        );
        Assert.Equal(
            2,
            titles.Sum(title => int.Parse(DroppedCount().Match(title).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))
        );
        Assert.Equal(2, svg.Elements("line").Count(line => (string?)line.Attribute("class") == "threshold"));
    }

    [Fact]
    public void A_run_that_has_only_begun_has_a_page_too()
    {
        var text = Parse(
            ReportPage.Write(Sample() with { State = "Failed", Problem = "the model is broken", Rounds = [], ManifestHash = null })
        ).Root!.Value;

        Assert.Contains("the model is broken", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Scores and thresholds", text, StringComparison.Ordinal);
    }

    private static XDocument Parse(string html)
    {
        using var reader = XmlReader.Create(new StringReader(html), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader);
    }

    private static ReportData Sample() => new()
    {
        Run = "pets & <more>",
        State = "Completed",
        Seed = 7,
        Model = "mini",
        PlannedRounds = 2,
        Started = DateTimeOffset.UnixEpoch,
        Elapsed = TimeSpan.FromSeconds(125),
        ManifestHash = "abc123",
        Rounds = [Round(1, 0.31), Round(2, 0.41)],
        Parameters = [new("samplesPerRound", "4")],
    };

    private static ReportRound Round(int number, double quality) =>
        new()
        {
            Number = number,
            Funnel =
            [
                new("planned", 4),
                new("generated", 4),
                new("masked", 4),
                new("composed", 4),
                new("harmonized", 4),
                new("scored", 4),
                new("kept", 2),
                new("dropped", 2),
            ],
            KeepRatio = 0.7,
            Criterion = ScoreCriteria.IoU,
            Objects = [new ObjectShare(1, 6, 5), new ObjectShare(2, 4, 2)],
            Scores = [new(0.9, true), new(0.55, true), new(1.0, false), new(0, false)],
            Classes = [new("cat", "#400000", 2, 1, 0.9, quality), new("dog", "#400080", 2, 1, 0.55, null)],
            MeanIoU = quality,
            Samples =
            [
                new($"r{number}-0", "cat", "sample 0", 0.9, true, [new("generated", Pixel, 128, 128), new("mask", Pixel, 128, 128)]),
            ],
            Borderline = [new($"r{number}-b0", "dog", "sample 1", 0.55, true, [new("label", Pixel, 128, 128)])],
            Failures = [new("no object found", 3, 2)],
        };

    [GeneratedRegex("""(src|href|url\(|@import)\s*=?\s*["'(]?\s*(https?:|//)""")]
    private static partial Regex Address();

    [GeneratedRegex("""(\d+) kept""")]
    private static partial Regex KeptCount();

    [GeneratedRegex("""(\d+) dropped""")]
    private static partial Regex DroppedCount();
}
