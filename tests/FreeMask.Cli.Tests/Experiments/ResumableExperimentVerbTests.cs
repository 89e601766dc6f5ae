using System.Text.Json;
using FreeMask.Cli.Experiments;
using FreeMask.Cli.Tests.Terminal;
using Xunit;

namespace FreeMask.Cli.Tests.Experiments;

/// <summary><c>experiment list</c>, <c>all</c> and single experiments, on the bundle that ships.</summary>
public sealed class ResumableExperimentVerbTests : IDisposable
{
    private readonly TestProcess _process = new();

    public ResumableExperimentVerbTests() =>
        _process.Variables["FREEMASK_MODELS"] = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models");

    public void Dispose() => _process.Dispose();

    private string Results => _process.Folder.Path("results");

    [Fact]
    public async Task What_the_time_does_not_suffice_for_is_reported_as_missing_and_the_same_command_goes_on()
    {
        string[] command = ["experiment", "thesaurus", "--seeds", "1", "--out", Results, "--json", "--minutes"];
        Assert.True(await _process.RunAsync([.. command, "0.0000001"]) == 0, _process.Error);
        var empty = Single();
        Assert.False(empty.GetProperty("complete").GetBoolean());
        Assert.Equal("Not measured yet.", empty.GetProperty("answer").GetString());

        // Rows of an earlier time are there; the run that trainings need is not begun when the time is over.
        var rows = Path.Combine(Results, "thesaurus", "rows");
        Directory.CreateDirectory(rows);
        await File.WriteAllTextAsync(
            Path.Combine(rows, "shipped-0.01.json"),
            """{"seconds":30,"result":{"images":6999,"table":38,"implausible":2,"allowed":70,"pasted":1}}""",
            TestContext.Current.CancellationToken
        );
        _process.Clear();
        Assert.True(await _process.RunAsync([.. command, "0.0000001"]) == 0, _process.Error);
        var some = Single();
        Assert.Contains("allows 38 of 39", some.GetProperty("answer").GetString(), StringComparison.Ordinal);
        Assert.Equal(0.5, some.GetProperty("minutes").GetDouble(), 6);
        Assert.False(Directory.Exists(Path.Combine(Results, "data", "runs")));

        var page = await File.ReadAllTextAsync(Path.Combine(Results, "report.html"), TestContext.Current.CancellationToken);
        Assert.Contains("allows 38 of 39", page, StringComparison.Ordinal);
        var text = await File.ReadAllTextAsync(Path.Combine(Results, "thesaurus", "report.md"), TestContext.Current.CancellationToken);
        Assert.Contains("| captions that ship (COCO), 0.01 | 6999 | 38 | 2 | 70 | 0.03 | 1 |", text, StringComparison.Ordinal);

        _process.Clear();
        Assert.Equal(0, await _process.RunAsync(["experiment", "list", "--out", Results, "--json"]));
        var items = JsonDocument.Parse(_process.Out).RootElement.GetProperty("experiments").EnumerateArray().ToList();
        Assert.Equal(
            ExperimentCatalog.All.Select(experiment => experiment.Name),
            items.Select(item => item.GetProperty("name").GetString())
        );
        var known = items.Single(item => item.GetProperty("answer").ValueKind == JsonValueKind.String);
        Assert.Equal("thesaurus", known.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Thresholds_are_measured_with_their_plot()
    {
        // One image in the place of two hundred.
        var model = _process.Folder.Path("bundle");
        CopyBundle(model, images: 1);
        Assert.True(
            await _process.RunAsync([
                "experiment", "all", "--only", "thresholds", "--seeds", "1", "--model", model, "--out", Results, "--json",
            ]) == 0,
            _process.Error
        );

        var report = Single();
        Assert.True(report.GetProperty("complete").GetBoolean());
        Assert.Equal(3, report.GetProperty("tables").GetArrayLength());
        Assert.True(File.Exists(Path.Combine(Results, "thresholds", "plot.png")));

        // Of a second experiment in the same folder nothing is known yet; the page keeps what the first one found.
        _process.Clear();
        string[] second = ["experiment", "masks", "--model", model, "--out", Results, "--minutes", "0.0000001"];
        Assert.True(await _process.RunAsync(second) == 0, _process.Error);
        var page = await File.ReadAllTextAsync(Path.Combine(Results, "report.html"), TestContext.Current.CancellationToken);
        Assert.Contains("<h2 id=\"masks\">", page, StringComparison.Ordinal);
        Assert.Contains("<h2 id=\"thresholds\">", page, StringComparison.Ordinal);
        Assert.Contains(report.GetProperty("answer").GetString()!, System.Net.WebUtility.HtmlDecode(page), StringComparison.Ordinal);

        _process.Clear();
        Assert.Equal(2, await _process.RunAsync(["experiment", "masks", "--out", Results, "--minutes", "0.0000001"]));
        Assert.Contains("another model bundle", _process.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("experiment all --only masks nonsense", "no experiment 'nonsense'")]
    [InlineData("experiment all --minutes 0", "--minutes must be more than 0")]
    [InlineData("experiment all --seeds 0", "--seeds is 0")]
    [InlineData("experiment all --model nowhere", "no model bundle 'nowhere'")]
    [InlineData("experiment all --corpus nowhere.txt", "nowhere.txt")]
    public async Task Wrong_arguments_are_named(string arguments, string message)
    {
        Assert.Equal(2, await _process.RunAsync($"{arguments} --out {Results}"));
        Assert.Contains(message, _process.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Results));
    }

    private JsonElement Single() =>
        Assert.Single(JsonDocument.Parse(_process.Out).RootElement.GetProperty("experiments").EnumerateArray());

    private static void CopyBundle(string target, int images)
    {
        var source = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models", "mini");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var path = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(file, path);
        }

        var list = Path.Combine(target, "heldout", "ImageSets", "Segmentation", "single.txt");
        File.WriteAllLines(list, [.. File.ReadLines(list).Take(images)]);
    }
}
