using System.Text.Json;
using FreeMask.Cli.Experiments;
using FreeMask.Cli.Tests.Terminal;
using Xunit;

namespace FreeMask.Cli.Tests.Experiments;

/// <summary>Masks of images that are generated again, and what the experiment says where they are others.</summary>
public sealed class GeneratedMasksTests : IDisposable
{
    private const string Rendered = """{"seconds":1,"result":{"items":[{"class":"cat","ioU":[0.5,0.9,0.7],"boundary":[0.2,0.8,0.4]}]}}""";

    private readonly TestProcess _process = new();

    public GeneratedMasksTests() =>
        _process.Variables["FREEMASK_MODELS"] = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models");

    public void Dispose() => _process.Dispose();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Images_are_generated_again_and_their_masks_measured()
    {
        var folder = _process.Folder.Path("set");
        // A sofa on its wall, and an image without a mask.
        GeneratedSetTests.Copy(folder, row => row, "single_0017", "single_0035");
        var scores = GeneratedMasks.Measure(GeneratedSetTests.Bundle, folder, Stop);
        Assert.Equal((2, 0, 1, 0), (scores.Images, scores.NoObject, scores.Unclear, scores.Refused));
        Assert.Null(scores.Refusal);
        var sofa = Assert.Single(scores.Items);
        Assert.Equal("sofa", sofa.Class);
        Assert.Equal((3, 3), (sofa.IoU.Length, sofa.Boundary.Length));
        Assert.InRange(sofa.IoU[1], 0.8, 1);
        var noised = Assert.Single(scores.NoisedAgain);
        Assert.NotEqual(sofa.IoU, noised.IoU);
        Assert.InRange(noised.IoU[1], 0.8, 1);
        Assert.InRange(scores.WiderIoU, 0.9, 0.99);
        Assert.InRange(scores.WiderBoundary, 0.5, scores.WiderIoU);
    }

    [Fact]
    public void Images_that_are_others_when_they_are_generated_again_are_refused_by_name()
    {
        var folder = _process.Folder.Path("set");
        GeneratedSetTests.Copy(folder, row => row.Replace("\t7\t", "\t8\t", StringComparison.Ordinal), "single_0017", "single_0018");
        var scores = GeneratedMasks.Measure(GeneratedSetTests.Bundle, folder, Stop);
        Assert.Empty(scores.Items);
        Assert.Equal(2, scores.Different.Count);
        Assert.StartsWith("2 of 2 images, such as single_0017 (", scores.Refusal!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_images_have_no_column_and_the_report_says_why()
    {
        await WriteRowAsync("heldout-1", Rendered);
        await WriteRowAsync(
            GeneratedRow,
            """
            {"seconds":1,"result":{"items":[],"noisedAgain":[],"widerIoU":"NaN","widerBoundary":"NaN",
            "images":60,"noObject":0,"unclear":4,"refused":0,"different":["single_0001 (12.0 dB)"]}}
            """
        );
        var report = await ReportAsync();
        var limits = report.GetProperty("limits").GetString();
        Assert.Contains("1 of 56 images, such as single_0001 (12.0 dB)", limits, StringComparison.Ordinal);
        Assert.Equal(
            ["masks", "held-out (1)", "held-out, boundary"],
            report.GetProperty("tables")[0].GetProperty("columns").EnumerateArray().Select(column => column.GetString())
        );
        Assert.Equal(2, report.GetProperty("tables").GetArrayLength());
    }

    [Fact]
    public async Task Generated_images_have_a_column_a_table_by_class_and_a_part_of_the_answer()
    {
        await WriteRowAsync("heldout-1", Rendered);
        await WriteRowAsync(
            GeneratedRow,
            """
            {"seconds":1,"result":{"items":[{"class":"dog","ioU":[0.4,0.6,0.5],"boundary":[0.1,0.3,0.2]}],
            "noisedAgain":[{"class":"dog","ioU":[0.4,0.7,0.5],"boundary":[0.1,0.3,0.2]}],"widerIoU":0.9,"widerBoundary":0.61,
            "images":60,"noObject":1,"unclear":4,"refused":2,"different":[]}}
            """
        );
        var report = await ReportAsync();
        Assert.Contains("0.600 (0.600 to 0.600)", report.GetProperty("answer").GetString(), StringComparison.Ordinal);
        Assert.Contains(
            "of 60 images 1 show no object of their class, 4 none with a clear border, and a run would refuse the masks of 2",
            report.GetProperty("answer").GetString(),
            StringComparison.Ordinal
        );
        Assert.Contains("an IoU of 0.900", report.GetProperty("limits").GetString(), StringComparison.Ordinal);
        Assert.Subset(
            report.GetProperty("tables")[0].GetProperty("columns").EnumerateArray().Select(column => column.GetString()).ToHashSet(),
            new HashSet<string?> { "held-out (1)", "generated, masks by hand (1)", "the same, noised again (1)" }
        );
        Assert.Equal("dog", report.GetProperty("tables")[2].GetProperty("rows")[0].GetProperty("label").GetString());
    }

    private static string GeneratedRow => $"generated-{GeneratedSet.Hash(GeneratedSetTests.Shipped)[..8]}";

    private string Results => _process.Folder.Path("results");

    private async Task WriteRowAsync(string key, string text)
    {
        var folder = Path.Combine(Results, "masks", "rows");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, key + ".json"), text, Stop);
    }

    /// <summary>The report of rows that are there; the time suffices for no other.</summary>
    private async Task<JsonElement> ReportAsync()
    {
        string[] command = ["experiment", "masks", "--seeds", "1", "--out", Results, "--json", "--minutes", "0.0000001"];
        Assert.True(await _process.RunAsync(command) == 0, _process.Error);
        return Assert.Single(JsonDocument.Parse(_process.Out).RootElement.GetProperty("experiments").EnumerateArray());
    }
}
