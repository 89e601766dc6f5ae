using System.Collections.Immutable;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Devices;
using FreeMask.Hosting.Silos;
using FreeMask.Pipeline;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;
using Xunit;
using static System.StringComparison;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>
/// The models of the bundle on silos as processes, with real images in the training and a zero-shot protocol. A path below the working
/// directory is another folder in each process, so that silos of one machine have different data under one path.
/// </summary>
[Collection("processes")]
public sealed class RealDataClusterTests(LocalServices services) : IDisposable
{
    private const string Street = "street", Test = "test", Here = "/proc/self/cwd";
    private const int Images = 6;

    private readonly TemporaryFolder _folder = new();

    private static string Models => Path.Combine(Repository.Root, "models");

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 300_000)]
    public async Task Trainings_find_the_silo_with_the_real_images_and_evaluations_that_with_the_test_set()
    {
        Assert.SkipUnless(Directory.Exists(Here), "this system has no /proc/self/cwd");
        var token = TestContext.Current.CancellationToken;
        // The first has none of the data, the second the images alone with another test set, the third the test set alone.
        var (none, training, testing) = (Folder("none"), Folder("training"), Folder("testing"));
        Copy("single", 0, Path.Combine(training, Street));
        Copy("multi", Images, Path.Combine(training, Test));
        Copy("multi", 0, Path.Combine(testing, Test));
        var reference = Spec(Path.Combine(training, Street), Path.Combine(testing, Test));
        var spec = reference with
        {
            Training = reference.Training with { Real = $"{Here}/{Street}" },
            Evaluation = reference.Evaluation with { Dataset = $"{Here}/{Test}" },
        };
        var settings = new Dictionary<string, string> { ["Test:Pipeline"] = "true", ["FreeMask:Models"] = Models };
        await using var cluster = await ProcessCluster.StartAsync(services, Provider.Redis, token, settings, none);
        await Task.WhenAll(
            cluster.AddAsync(1, settings, token, training),
            cluster.AddAsync(1, settings, token, testing)
        );

        // What a check before the run can know.
        var offers = await OffersAsync(cluster, spec);
        Assert.All(offers.Values, offer => Assert.True(offer is { HostsTrainers: true, Refusal: null }));
        Assert.Null(offers["silo-2"].TrainingLack);
        Assert.Null(offers["silo-3"].EvaluationLack);
        foreach (var silo in new[] { "silo-1", "silo-3" })
            Assert.Contains($"The folder {Here}/{Street} does not exist", offers[silo].TrainingLack, Ordinal);
        Assert.Contains($"The folder {Here}/{Test} does not exist", offers["silo-1"].EvaluationLack, Ordinal);
        Assert.Contains($"{Here}/{Test}, which evaluation.dataset names, is another", offers["silo-2"].EvaluationLack, Ordinal);

        // The run, whatever silo its trainer is placed on.
        var notes = new HashSet<string>(StringComparer.Ordinal);
        await cluster.Client.Grains.GetGrain<IRunGrain>("real").Start(spec);
        var status = await new RunObserver(cluster, "real").UntilAsync(
            s =>
            {
                notes.UnionWith(s.Notes);
                return s.State != RunState.Running;
            },
            token);
        Assert.Equal((RunState.Completed, null), (status.State, status.Reason));
        Assert.Contains(notes, note => note.Contains("Silo silo-", Ordinal) && note.Contains(Here, Ordinal));
        var alone = await AloneAsync(reference, token);
        Assert.Equal(alone.ManifestHash, status.ManifestHash);
        var quality = Assert.Single(status.Rounds).Quality!;
        Assert.NotNull(quality.ZeroShot);
        Assert.Equal(alone.Rounds[0].Quality!.MeanIoU, quality.MeanIoU);
        Assert.Equal(alone.Rounds[0].Quality!.ZeroShot, quality.ZeroShot);
    }

    private static async Task<Dictionary<string, TrainingOffer>> OffersAsync(ProcessCluster cluster, RunSpec spec)
    {
        var offers = new Dictionary<string, TrainingOffer>(StringComparer.Ordinal);
        var hosts = await cluster.Client.Grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: true);
        foreach (var host in hosts)
        {
            var key = DeviceKeys.Silo(host.SiloName, host.SiloAddress.Generation);
            offers[host.SiloName] = await cluster.Client.Grains.GetGrain<IDeviceHostGrain>(key).GetTrainingOffer(spec);
        }

        return offers;
    }

    /// <summary>The same run on one embedded silo.</summary>
    private static async Task<RunStatus> AloneAsync(RunSpec spec, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        var options = new EmbeddedSiloOptions { DataFolder = folder.Path, Services = all => all.AddFreeMaskPipeline(Models) };
        await using var silo = await EmbeddedSilo.StartAsync(options, cancellationToken);
        var run = silo.Grains.GetGrain<IRunGrain>("real");
        await run.Start(spec);
        while ((await run.GetStatus()).State == RunState.Running) await Task.Delay(50, cancellationToken);
        return await run.GetStatus();
    }

    private static RunSpec Spec(string real, string test)
    {
        ImmutableArray<string> classes = ["sheep", "train"];
        var protocol = EvaluationProtocol.Of(EvaluationProtocol.ZeroShot, LabelSet.Voc, classes);
        return new RunSpec
        {
            Name = "real",
            Seed = 5,
            Classes = classes,
            Backgrounds = ["on the grass"],
            Model = "mini",
            Rounds = 1,
            SamplesPerRound = 8,
            Generation = new GenerationSpec { Batch = 4, Steps = 4, Prompts = ["a photo of {a class} {background}"] },
            Scoring = new ScoringSpec { Folds = 2, FoldSteps = 1 },
            Training = new TrainingSpec
            {
                Init = "bundle",
                Steps = 3,
                CheckpointSteps = 1,
                Real = real,
                RealHash = protocol.OpenReal(real, null, []).Hash(),
                RealShare = 0.5,
            },
            Evaluation = new EvaluationSpec
            {
                Dataset = test,
                DatasetHash = protocol.Open(test, "voc", null, []).Hash(),
                Layout = "voc",
                Protocol = EvaluationProtocol.ZeroShot,
            },
        };
    }

    private string Folder(string name) => Directory.CreateDirectory(Path.Combine(_folder.Path, name)).FullName;

    /// <summary>Copies some of the bundle's held-out images with their masks.</summary>
    private static void Copy(string list, int first, string target)
    {
        var source = Path.Combine(Models, "mini", "heldout");
        var names = File.ReadLines(Path.Combine(source, "ImageSets", "Segmentation", list + ".txt")).Skip(first).Take(Images).ToHashSet();
        foreach (var part in new[] { "JPEGImages", "SegmentationClass" })
        {
            var folder = Directory.CreateDirectory(Path.Combine(target, part)).FullName;
            foreach (var file in Directory.EnumerateFiles(Path.Combine(source, part)))
                if (names.Contains(Path.GetFileNameWithoutExtension(file)))
                    File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }
}
