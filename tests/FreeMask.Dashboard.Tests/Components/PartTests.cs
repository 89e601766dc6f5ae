using Bunit;
using FreeMask.Dashboard.Components.Parts;
using FreeMask.Dashboard.Services;
using FreeMask.GrainInterfaces;
using Xunit;

namespace FreeMask.Dashboard.Tests.Components;

/// <summary>Parts that decide what they show.</summary>
public sealed class PartTests : BunitContext
{
    private static readonly SegmenterQuality Good =
        new(0.5, [new ClassIoU("cat", 0.5)]) { Interval = new MeasureInterval(0.4, 0.6) };

    [Fact]
    public void The_chart_has_a_bar_for_each_interval_and_a_line_for_the_start()
    {
        var chart = Render<MeanIoUChart>(p => p.Add(c => c.Planned, 3).Add(c => c.Rounds,
        [
            new RoundStatus { Round = 0, Quality = Good, StartQuality = new SegmenterQuality(0.25, [new ClassIoU("cat", 0.25)]) },
            new RoundStatus { Round = 1, Quality = Good with { MeanIoU = 0.55, Interval = null } },
        ]));

        Assert.Equal(2, chart.FindAll(".dot").Count);
        Assert.Single(chart.FindAll(".interval"));
        Assert.Single(chart.FindAll(".start line"));
        // The scale ends at 0.7, above the interval: 164 units of height are 0.7.
        var ends = chart.FindAll(".interval line")[0];
        Assert.Equal(188 - (164 * 0.6 / 0.7), double.Parse(ends.GetAttribute("y2")!, System.Globalization.CultureInfo.InvariantCulture), 2);
        Assert.Equal(
            "mIoU by round: round 1 0.500 (0.400 to 0.600), round 2 0.550; starting segmenter 0.250",
            chart.Find("svg").GetAttribute("aria-label")
        );
    }

    [Fact]
    public void A_chart_without_any_measure_says_when_there_will_be_one()
    {
        // An evaluation that measured nothing has no classes.
        var start = new SegmenterQuality(double.NaN, []);
        var chart = Render<MeanIoUChart>(p => p.Add(c => c.Planned, 1).Add(c => c.Rounds,
        [
            new RoundStatus { Round = 0, StartQuality = start },
        ]));

        Assert.Empty(chart.FindAll("svg"));
        Assert.Contains("after the training", chart.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Transitions_end_where_the_sample_was_given_up()
    {
        var at = new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero).ToUnixTimeMilliseconds();
        var sample = Sample(SampleState.Quarantined) with
        {
            FailedAt = SampleState.Generated,
            Rejected = true,
            Timings =
            [
                new StageTiming(Stage.Generate, 1.5) { EndedAtMilliseconds = at },
                new StageTiming(Stage.Mask, 0.25) { EndedAtMilliseconds = at },
            ],
            Artifacts = [new ArtifactReference(ArtifactNames.Image, new string('a', 64), "cuda")],
        };
        var rows = Render<SampleStages>(p => p.Add(c => c.RunId, "run").Add(c => c.Sample, sample).Add(c => c.Threshold, null))
            .FindAll("tbody tr");

        Assert.Contains("2026-05-04 03:02:01", rows[1].TextContent, StringComparison.Ordinal);
        Assert.Contains("cuda", rows[1].TextContent, StringComparison.Ordinal);
        // The mask was tried, and the state behind it not reached.
        Assert.DoesNotContain("2026-05-04", rows[2].TextContent, StringComparison.Ordinal);
        Assert.Contains("0.250", rows[2].TextContent, StringComparison.Ordinal);
        Assert.Equal("bad", rows[^1].ClassName);
        Assert.Contains("rejected masks", rows[^1].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Pasted_objects_are_listed_in_order_with_their_donors()
    {
        var spec = new RunSpec { Name = "run", Classes = ["cat", "dog"], SamplesPerRound = 8 };
        var sample = Sample(SampleState.Composed) with
        {
            Facts =
            [
                new SampleFact(FactNames.DonorOf(1), 3), new SampleFact(FactNames.PlaceOf(1), 0.5), new SampleFact(FactNames.DonorOf(2), 4),
                new SampleFact(FactNames.Pasted, 2),
            ],
        };
        var links = Render<SamplePasted>(p => p.Add(c => c.RunId, "run").Add(c => c.Sample, sample).Add(c => c.Spec, spec)).FindAll("a");

        Assert.Equal(
            ["/runs/run/rounds/1/samples/3", "/runs/run/rounds/1/samples/4"],
            links.Select(link => link.GetAttribute("href"))
        );
        Assert.Empty(
            Render<SamplePasted>(p => p.Add(c => c.RunId, "run").Add(c => c.Sample, Sample(SampleState.Masked)).Add(c => c.Spec, spec))
                .FindAll("table")
        );
    }

    [Fact]
    public void A_sample_names_the_one_that_has_the_same_image()
    {
        // Of 9 samples 6 are drawings.
        var spec = new RunSpec
        {
            Name = "run",
            Classes = ["cat", "dog"],
            SamplesPerRound = 9,
            Composition = new CompositionSpec { BothShare = 0.5 },
        };
        var (drawing, second) = (Sample(SampleState.Masked), Sample(SampleState.Planned));
        second = second with { Index = 7, Plan = second.Plan with { Drawing = 1 } };
        Assert.Equal("/runs/run/rounds/1/samples/7", Link(drawing));
        Assert.Equal("/runs/run/rounds/1/samples/1", Link(second));
        Assert.Null(Link(drawing with { Index = 4 }));

        string? Link(SampleRecord sample) => Render<SampleFacts>(p => p
            .Add(c => c.RunId, "run").Add(c => c.Sample, sample).Add(c => c.Spec, spec).Add(c => c.Threshold, null))
            .FindAll("[data-test=drawing] a").SingleOrDefault()?.GetAttribute("href");
    }

    [Fact]
    public void Places_tried_are_a_row_and_a_mark_each_and_the_taken_one_is_named()
    {
        var spec = new RunSpec { Name = "run", Classes = ["cat", "dog"], SamplesPerRound = 8 };
        var tried = ObjectPlaces.Of(
            64,
            48,
            chosen: 1,
            ["fit", "visible"],
            [new ObjectPlace(1, 2, 16, 12, 0, 0.75, [0.75, 1]), new ObjectPlace(30, 20, 8, 24, 0, 0.5, [0.625, 0.8])]
        );
        var sample = Sample(SampleState.Composed) with { Facts = [new SampleFact(FactNames.DonorOf(1), 3)], Places = [tried] };
        var part = Render<SamplePlaces>(p => p.Add(c => c.RunId, "run").Add(c => c.Sample, sample).Add(c => c.Spec, spec));

        Assert.Equal("0 0 64 48", part.Find("svg").GetAttribute("viewBox"));
        var taken = part.Find(".marks .taken rect");
        Assert.Equal(("30", "20"), (taken.GetAttribute("x"), taken.GetAttribute("y")));
        Assert.Equal(2, part.FindAll(".marks rect").Count);
        Assert.Equal(
            ["2", "taken", "30, 20", "8 × 24", "0.500", "0.500", "0.625", "0.800"],
            part.FindAll("tbody tr")[1].Children.Select(cell => cell.TextContent)
        );
        part.FindAll("tbody tr")[0].MouseEnter();
        Assert.Equal("1", part.Find(".marks .near rect").GetAttribute("x"));
    }

    [Fact]
    public void Devices_show_how_full_their_batches_were_by_stage()
    {
        var full = new DeviceState("a@1/cuda:1", "cuda", 1200)
        {
            Batches = [new StageBatches(Stage.Generate, 2, 8, 8), new StageBatches(Stage.Mask, 4, 16, 24)],
        };
        // One that did nothing, and one of an earlier release.
        var table = Render<DeviceTable>(p => p.Add(c => c.Silos,
        [
            Silo("a", full),
            Silo("b", new DeviceState("b@1/cpu", "cpu", 0) { Batches = [] }),
            Silo("c", new DeviceState("c@1/cpu", "cpu", 3)),
        ]));
        IEnumerable<string> Row(int row) => table.FindAll("tbody tr")[row].Children.Select(cell => cell.TextContent.Trim());

        Assert.Equal(["cuda:1", "a", "cuda", "1,200", "6", "75 %", "100 %", "67 %", "–", "–", "–"], Row(0));
        Assert.Equal(["cpu", "b", "cpu", "0", "0", "–", "–", "–", "–", "–", "–"], Row(1));
        Assert.Equal(["cpu", "c", "cpu", "3", "–", "–", "–", "–", "–", "–", "–"], Row(2));
        Assert.Equal("Batch fill of a, cuda:1", table.Find("[role=meter]").GetAttribute("aria-label"));

        static SiloView Silo(string name, DeviceState device) =>
            new(name, $"{name}@1", "", "Active", [device], default, default, null, null, false, null);
    }

    private static SampleRecord Sample(SampleState state) =>
        new() { Round = 0, Index = 1, State = state, Plan = new SamplePlan(1, "cat", 8, "grass", "a photo of a cat", "", 7) };
}
