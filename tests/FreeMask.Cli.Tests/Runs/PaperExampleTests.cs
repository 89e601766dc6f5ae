using System.Text.Json;
using FreeMask.Cli.Checks;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Pipeline;
using Xunit;

namespace FreeMask.Cli.Tests.Runs;

/// <summary>The run files of the paper's experiments: those with Stable Diffusion lack downloads alone, and their small twins end
/// well.</summary>
public sealed class PaperExampleTests : IDisposable
{
    private static readonly string Root = Vision.Tests.Fixtures.RepositoryRoot;

    // The parts of a round as small as they can be; the twins themselves take minutes.
    private static readonly string[] Tiny =
    [
        "samplesPerRound=12", "generation.steps=2", "mask.minConfidence=0", "mask.maxArea=1", "mask.minArea=0",
        "mask.refinement=none", "scoring.foldSteps=1", "training.steps=2", "training.batch=2", "training.checkpointSteps=1",
    ];

    private readonly TestProcess _process = new()
    {
        Checks = RunChecks.All,
        OpenEngine = SiloEngine.With((services, bundles) => services.AddFreeMaskPipeline(bundles.ModelsFolder)),
    };

    public PaperExampleTests() =>
        Directory.CreateSymbolicLink(_process.Folder.Path("models"), Path.Combine(Root, "models"));

    public void Dispose() => _process.Dispose();

    public static TheoryData<string> Experiments => new("voc", "cityscapes", "ade20k", "zero-shot");

    [Theory]
    [MemberData(nameof(Experiments))]
    public async Task An_experiment_lacks_nothing_but_what_must_be_downloaded(string name)
    {
        // So many images as the paper's need a disk for them; the size of this one is another matter.
        var file = Path.Combine(Root, "examples", "paper", $"{name}.yaml");
        Assert.Equal(2, await _process.RunAsync(["run", file, "--check", "--json", "--set", "samplesPerRound=100"]));

        using var document = JsonDocument.Parse(_process.Out);
        var problems = document.RootElement.GetProperty("problems").EnumerateArray().Select(p => p.GetProperty("message").GetString()!);
        string[] downloads =
        [
            "unknown model bundle 'stable-diffusion-v1-5'", "The weights of imagenet are not here", "is 'datasets/",
        ];
        Assert.All(problems, problem => Assert.Contains(downloads, part => problem.Contains(part, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("voc", 21)]
    [InlineData("cityscapes", 2)]
    [InlineData("ade20k", 3)]
    public async Task A_twin_counts_the_classes_of_its_protocol(string name, int classes)
    {
        // Each of VOC's twenty classes needs a sample.
        string[] more = name == "voc" ? ["--set", "samplesPerRound=40"] : [];
        var run = await RunAsync(name, "one", more);

        var round = run.GetProperty("rounds")[0];
        var measured = round.GetProperty("iou").EnumerateObject().Select(item => item.Name).ToList();
        Assert.Equal(classes, measured.Count);
        Assert.Equal(classes == 21, measured.Contains("background"));
        Assert.InRange(round.GetProperty("mIoU").GetDouble(), 0, 1);
        Assert.Equal(JsonValueKind.Null, round.GetProperty("zeroShot").ValueKind);
        Assert.Equal(classes, run.GetProperty("start").GetProperty("iou").EnumerateObject().Count());
    }

    [Fact]
    public async Task The_zero_shot_twin_reports_seen_and_unseen_and_interrupted_it_makes_the_same()
    {
        // The second domain is the other part of the held-out images.
        string[] second = ["--set", "evaluation.transfer=../../../models/mini/heldout", "--set", "evaluation.transferPart=single"];
        var undisturbed = await RunAsync("zero-shot", "one", second);

        var round = undisturbed.GetProperty("rounds")[0];
        foreach (var place in new[] { round, undisturbed.GetProperty("start"), round.GetProperty("transfer") })
        {
            var split = place.GetProperty("zeroShot");
            var (seen, unseen) = (split.GetProperty("seen").GetDouble(), split.GetProperty("unseen").GetDouble());
            Assert.InRange(seen, 0, 1);
            var harmonic = seen + unseen == 0 ? 0 : 2 * seen * unseen / (seen + unseen);
            Assert.Equal(harmonic, split.GetProperty("harmonic").GetDouble(), 9);
        }

        Assert.Equal("zero-shot", undisturbed.GetProperty("protocol").GetString());
        var report = await File.ReadAllTextAsync(undisturbed.GetProperty("report").GetString()!, TestContext.Current.CancellationToken);
        Assert.Contains("mIoU of unseen classes", report, StringComparison.Ordinal);
        Assert.Contains("mIoU on the second data set", report, StringComparison.Ordinal);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        _process.OnError = said =>
        {
            // Progress is written every second or two, and a phase of one step may pass between two lines.
            string[] phases = ["scoring samples", "training the segmenter"];
            if (phases.Any(phase => said.Contains(phase, StringComparison.Ordinal))) stop.Cancel();
        };
        _process.Clear();
        Assert.Equal(130, await _process.RunAsync(Arguments("zero-shot", "two", second), stop.Token));
        _process.OnError = null;
        _process.Clear();
        Assert.True(await _process.RunAsync(["resume", "mini-zero-shot", "--data", Data("two")]) == 0, _process.Error);
        Assert.Contains("harmonic mean", _process.Out, StringComparison.Ordinal);
        Assert.Contains("mIoU on the second set", _process.Out, StringComparison.Ordinal);
        Assert.Contains(undisturbed.GetProperty("manifestHash").GetString()!, _process.Out, StringComparison.Ordinal);
    }

    private string Data(string name) => _process.Folder.Path(name);

    private string[] Arguments(string name, string data, string[] more) =>
        [
            "run", Path.Combine(Root, "examples", "paper", "mini", $"{name}.yaml"),
            .. Tiny.SelectMany(setting => new[] { "--set", setting }),
            .. more, "--data", Data(data),
        ];

    private async Task<JsonElement> RunAsync(string name, string data, string[] more)
    {
        _process.Clear();
        var exit = await _process.RunAsync([.. Arguments(name, data, more), "--json"]);
        Assert.True(exit == 0, $"exit code {exit}: {_process.Error}");
        return JsonDocument.Parse(_process.Out).RootElement;
    }
}
