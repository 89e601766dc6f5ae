using System.Collections.Immutable;
using System.Text.Json.Nodes;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Artifacts;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Devices;
using FreeMask.Imaging;
using FreeMask.Pipeline;
using FreeMask.Pipeline.Trainers;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace FreeMask.Silo.Tests.Pipeline;

/// <summary>Training programs, with a stand-in that speaks the protocol (tests/FreeMask.Trainer.TestHost).</summary>
public sealed class ExternalTrainerTests : IDisposable
{
    private const int Steps = 6, CheckpointSteps = 2;

    private static readonly string Initial = Path.Combine(Repository.Root, "models", "mini", "segmenter");

    private readonly TemporaryFolder _folder = new();
    private readonly Recorder _monitor = new();
    private readonly Lines _log = new();

    private string Journal => Path.Combine(_folder.Path, "journal");

    private string Work => Path.Combine(_folder.Path, "work");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_program_trains_reports_and_gives_its_model_back()
    {
        var store = Store();
        var model = await TrainAsync(store, StandIn());

        Assert.Equal([1, 2, 3, 4, 5, 6], _monitor.Steps);
        Assert.Equal([2, 4, 6], _monitor.Checkpoints.Select(c => c.Step));
        Assert.Equal(["started at 0", "finished at 6"], await File.ReadAllLinesAsync(Journal, Stop));
        using var segmenter = await SegmenterArtifacts.OpenAsync(store, model, new FreeMask.Onnx.OnnxSessionOptions(), Stop);
        Assert.Equal(VocClasses.Names, segmenter.Card.Classes);
        Assert.Equal((64, 64), (segmenter.Card.Width, segmenter.Card.Height));
        Assert.Contains(_log.Written, line => line.EndsWith("8 images", StringComparison.Ordinal));
        // The folder of the program is removed.
        Assert.Empty(Directory.EnumerateFileSystemEntries(Work));
    }

    [Fact]
    public async Task A_killed_program_goes_on_from_its_last_checkpoint_to_the_same_model()
    {
        var undisturbed = await TrainAsync(Store(), StandIn());
        File.Delete(Journal);
        var killed = await TrainAsync(Store(), StandIn("--fault", "kill", "--at", "5", "--once", Path.Combine(_folder.Path, "killed")));

        Assert.Equal(undisturbed, killed);
        Assert.Equal(["started at 0", "started at 4", "finished at 6"], await File.ReadAllLinesAsync(Journal, Stop));
    }

    [Fact]
    public async Task A_program_that_is_killed_again_and_again_fails_with_a_message()
    {
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => TrainAsync(Store(), StandIn("--fault", "kill", "--at", "1")));

        Assert.Contains("was killed 3 times without a new checkpoint (exit code 137", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_paused_program_writes_a_checkpoint_from_which_another_silo_goes_on()
    {
        var store = Store();
        var undisturbed = await TrainAsync(store, StandIn());
        File.Delete(Journal);
        var command = StandIn("--fault", "hold", "--at", "3");
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var paused = new Recorder { OnStep = step => { if (step == 3) pause.Cancel(); } };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TrainAsync(store, command, paused, null, pause.Token));
        Assert.Equal(["started at 0", "stopped at 3"], (await File.ReadAllLinesAsync(Journal, Stop)).Where(line => line != "held at 3"));
        Assert.Equal(3, paused.Checkpoints[^1].Step);

        var rest = new Recorder();
        var resumed = await TrainAsync(store, StandIn(), rest, paused.Checkpoints[^1], Stop);

        Assert.Equal([4, 5, 6], rest.Steps);
        Assert.Equal(undisturbed, resumed);
    }

    [Fact]
    public async Task A_program_that_sends_nothing_is_ended()
    {
        var error = await Assert.ThrowsAsync<FreeMaskException>(() =>
            TrainAsync(Store(), StandIn("--fault", "hold", "--at", "2"), silence: 5));

        Assert.Contains("sent no message for 5 s (trainer.maxSilence) and was ended", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_fails_is_quoted()
    {
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => TrainAsync(Store(), StandIn("--fault", "exit", "--at", "2")));

        Assert.Contains("ended with exit code 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("CUDA out of memory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => TrainAsync(Store(), ["no-such-trainer"]));

        Assert.Contains("'no-such-trainer' cannot be started", error.Message, StringComparison.Ordinal);
        Assert.Contains("'trainer.command'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("empty", "left no model")]
    [InlineData("classes", "class 1 is 'zeppelin' instead of 'aeroplane'")]
    [InlineData("shapes", "class_predictor.bias is [1], expected [22]")]
    [InlineData("nan", "not finite (class_predictor.bias)")]
    public async Task A_model_that_cannot_be_used_is_refused(string result, string message)
    {
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => TrainAsync(Store(), StandIn("--result", result)));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ONNX_model_with_its_card_is_taken_as_it_is()
    {
        var (onnx, card) = SegmenterExport.ToOnnx(Initial, 64, 64);
        var output = Directory.CreateDirectory(Path.Combine(_folder.Path, "output")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(output, "model.onnx"), onnx, Stop);
        await File.WriteAllTextAsync(Path.Combine(output, "card.json"), card, Stop);
        var store = Store();
        var image = new RgbImage(64, 64);

        var model = await TrainerResult.ReadAsync(output, VocClasses.Names, 64, image, store, Stop);

        Assert.Equal(model.Onnx, model.Weights);
        Assert.Equal(onnx, (await store.GetAsync(model.Onnx!, Stop)).ToArray());
        using (var segmenter = await SegmenterArtifacts.OpenAsync(store, model, new FreeMask.Onnx.OnnxSessionOptions(), Stop))
            Assert.Equal(64, segmenter.Segment(image).Labels.Width);

        var other = card.Replace("aeroplane", "zeppelin", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(output, "card.json"), other, Stop);
        var error = await Assert.ThrowsAsync<FreeMaskException>(() =>
            TrainerResult.ReadAsync(output, VocClasses.Names, 64, image, store, Stop));
        Assert.Contains("class 1 is 'zeppelin' instead of 'aeroplane'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("coordinator,worker", false)]
    [InlineData("worker,trainer", true)]
    public void Only_a_silo_with_the_role_runs_programs(string roles, bool runs)
    {
        var service = new SegmenterTrainingService(
            new BundleFolders(null),
            Store(),
            Options.Create(new FreeMaskOptions { Roles = roles }),
            Options.Create(new DeviceOptions()),
            TimeProvider.System,
            NullLogger<SegmenterTrainingService>.Instance
        );
        var spec = new RunSpec { Name = "a", Classes = ["cat"] };

        Assert.Null(service.Refuse(spec));
        var refusal = service.Refuse(spec with { Trainer = new TrainerSpec { Command = ["train"] } });
        Assert.Equal(runs, refusal is null);
        Assert.True(runs || refusal!.Contains("FreeMask:Roles", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_data_set_of_a_program_holds_every_label()
    {
        var store = Store();
        var examples = await ExamplesAsync(store);
        var dataset = await TrainerDataset.WriteAsync(
            _folder.Path, new TrainerExamples(examples, null, store), LabelSet.Voc, 0.25, 1, Stop);

        Assert.Equal((6, 2, 64), (dataset.Train, dataset.Validation, dataset.LongestSide));
        var seen = 0;
        foreach (var part in new[] { "train", "val" })
        {
            var root = Path.Combine(_folder.Path, "dataset");
            var text = await File.ReadAllTextAsync(Path.Combine(root, "annotations", $"panoptic_{part}.json"), Stop);
            var document = JsonNode.Parse(text)!;
            Assert.Equal(21, document["categories"]!.AsArray().Count);
            foreach (var annotation in document["annotations"]!.AsArray())
            {
                var name = annotation!["file_name"]!.ToString();
                var segments = ImageCodec.Decode(
                    await File.ReadAllBytesAsync(Path.Combine(root, "annotations", $"panoptic_{part}", name), Stop), name);
                var expected = await store.GetLabelsAsync(examples[(int)annotation["image_id"]! - 1].Label, Stop);
                var categories = annotation["segments_info"]!.AsArray()
                    .ToDictionary(s => (int)s!["id"]!, s => (byte)(int)s!["category_id"]!);
                var labels = Enumerable.Range(0, expected.Labels.Length)
                    .Select(i => segments.Pixels[3 * i] + (256 * segments.Pixels[(3 * i) + 1]))
                    .Select(id => id == 0 ? LabelMap.Ignore : categories[id]);
                Assert.Equal(expected.Labels, labels);
                foreach (var segment in annotation["segments_info"]!.AsArray())
                    Assert.Equal(expected.Labels.Count(l => l == (byte)(int)segment!["category_id"]!), (int)segment!["area"]!);
                seen++;
            }
        }

        Assert.Equal(examples.Count, seen);
    }

    [Fact]
    public async Task The_job_file_is_what_its_schema_says()
    {
        var request = new TrainingRequest(new RunSpec { Name = "a", Classes = ["cat"] }, [], ulong.MaxValue, Steps, null);
        var path = TrainerJob.Write(_folder.Path, request, LabelSet.Voc, 128, Initial, new TrainerDataset(6, 2, 64), null);
        var job = JsonNode.Parse(await File.ReadAllTextAsync(path, Stop))!;
        var schemaFile = Path.Combine(Repository.Root, "docs", "trainer-job.schema.json");
        var schema = JsonNode.Parse(await File.ReadAllTextAsync(schemaFile, Stop))!;

        Compare(schema, job);
        Compare(schema["properties"]!["classes"]!["items"]!, job["classes"]![0]!);
        Compare(schema["properties"]!["init"]!, job["init"]!);
        Compare(schema["properties"]!["dataset"]!, job["dataset"]!);
        Compare(schema["$defs"]!["part"]!, job["dataset"]!["train"]!);
        Assert.Equal(int.MaxValue, (int)job["seed"]!);
        Assert.Equal("mask2former", job["init"]!["type"]!.ToString());

        static void Compare(JsonNode schema, JsonNode value)
        {
            var names = value.AsObject().Select(property => property.Key).ToArray();
            Assert.Equal(schema["properties"]!.AsObject().Select(property => property.Key), names);
            Assert.Equal(schema["required"]!.AsArray().Select(name => name!.ToString()), names);
        }
    }

    private FolderArtifactStore Store() => new(Path.Combine(_folder.Path, "artifacts"), TimeProvider.System);

    private ImmutableArray<string> StandIn(params string[] options) =>
        ["dotnet", Path.Combine(AppContext.BaseDirectory, "FreeMask.Trainer.TestHost.dll"), "--journal", Journal, .. options];

    private Task<SegmenterModel> TrainAsync(FolderArtifactStore store, ImmutableArray<string> command, int silence = 120) =>
        TrainAsync(store, command, _monitor, null, Stop, silence);

    private async Task<SegmenterModel> TrainAsync(
        FolderArtifactStore store,
        ImmutableArray<string> command,
        Recorder monitor,
        TrainingCheckpoint? checkpoint,
        CancellationToken stop,
        int silence = 120
    )
    {
        var spec = new RunSpec
        {
            Name = "external",
            Classes = ["cat"],
            Training = new TrainingSpec { CheckpointSteps = CheckpointSteps },
            Trainer = new TrainerSpec { Command = command, MaxSilence = silence },
        };
        var request = new TrainingRequest(spec, await ExamplesAsync(store), 7, Steps, checkpoint);
        return await new ExternalTrainer(Work, store, TimeProvider.System, _log)
            .TrainAsync(request, null, LabelSet.Voc, Initial, monitor, stop);
    }

    /// <summary>Eight images of 64 x 64 pixels with background, a cat or a dog, and an unknown row.</summary>
    private static async Task<IReadOnlyList<TrainingExample>> ExamplesAsync(FolderArtifactStore store)
    {
        var examples = new List<TrainingExample>();
        for (var i = 0; i < 8; i++)
        {
            var (image, labels) = (new RgbImage(64, 64), new LabelMap(64, 64));
            for (var p = 0; p < labels.Labels.Length; p++)
            {
                var isObject = p % 64 > 20 + i && p / 64 > 30;
                labels.Labels[p] = p / 64 == 30 ? LabelMap.Ignore : isObject ? (byte)(i % 2 == 0 ? 8 : 12) : LabelMap.Background;
                image.Pixels[3 * p] = (byte)(isObject ? 200 : 10 * i);
            }

            examples.Add(new TrainingExample(await store.PutAsync(image, Stop), await store.PutAsync(labels, Stop)));
        }

        return examples;
    }

    private sealed class Recorder : ITrainingMonitor
    {
        public List<int> Steps { get; } = [];

        public List<TrainingCheckpoint> Checkpoints { get; } = [];

        public Action<int> OnStep { get; init; } = _ => { };

        public void Report(int step, int steps, double? loss)
        {
            Assert.Equal(ExternalTrainerTests.Steps, steps);
            Steps.Add(step);
            OnStep(step);
        }

        public Task SaveAsync(TrainingCheckpoint checkpoint, CancellationToken cancellationToken)
        {
            Checkpoints.Add(checkpoint);
            return Task.CompletedTask;
        }
    }

    private sealed class Lines : ILogger
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> format)
        {
            lock (Written) Written.Add(format(state, exception));
        }
    }
}
