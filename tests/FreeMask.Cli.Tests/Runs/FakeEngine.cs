using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Imaging;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Cli.Tests.Runs;

/// <summary>An engine whose runs complete when they are first asked, with two rounds of eight small samples.</summary>
internal sealed class FakeEngine : IEngine, IRunDirectoryGrain
{
    private static readonly SegmenterCard Card = new(
        "drawn",
        "pixel_values",
        96,
        96,
        BlueFirst: false,
        ImageNormalization.ImageNet,
        "semantic_scores",
        SegmenterOutput.Scores,
        ["background", "cat"]
    );

    private readonly Dictionary<string, FakeRun> _runs = [];
    private readonly Dictionary<string, byte[]> _artifacts = [];

    /// <summary>The measure of the starting segmenter; null for none.</summary>
    internal SegmenterQuality? Start { get; init; }

    internal RunState Ending { get; init; } = RunState.Completed;

    /// <summary>Whether status calls never answer, as those of a process that has ended.</summary>
    internal bool IsSilent { get; init; }

    internal int Closed { get; private set; }

    public bool IsRemote => false;

    public bool IsReadOnly => false;

    public bool IsOwnerGone => false;

    public IArtifactCollectorGrain Collector { get; } = new NothingToCollect();

    public IGrainFactory Grains => throw new NotSupportedException();

    public IRunDirectoryGrain Directory => this;

    public IRunGrain Run(string id) => _runs.TryGetValue(id, out var run) ? run : new FakeRun(id, this);

    public Task<ReadOnlyMemory<byte>> ReadArtifactAsync(string hash, CancellationToken stop) =>
        Task.FromResult<ReadOnlyMemory<byte>>(_artifacts[hash]);

    public Task Register(string run) => Task.CompletedTask;

    public Task Unregister(string run)
    {
        _runs.Remove(run);
        return Task.CompletedTask;
    }

    public Task<bool> Exists() => Task.FromResult(true);

    public Task<string[]> List() => Task.FromResult(_runs.Keys.ToArray());

    public ValueTask DisposeAsync()
    {
        Closed++;
        return ValueTask.CompletedTask;
    }

    private string Put(byte[] bytes)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        _artifacts[hash] = bytes;
        return hash;
    }

    /// <summary>A grey image with a square of the class in the middle; every other sample has a second object pasted in.</summary>
    private SampleRecord Sample(RunSpec spec, int round, int index)
    {
        const int Side = 32;
        var name = spec.Classes[index % spec.Classes.Length];
        var id = (byte)FreeMask.Vision.VocClasses.IndexOf(name);
        var image = new RgbImage(Side, Side);
        image.Pixels.AsSpan().Fill((byte)(60 + (10 * index)));
        var label = new LabelMap(Side, Side);
        var instances = new LabelMap(Side, Side);
        for (var y = 8; y < 24; y++)
            for (var x = 8; x < 24; x++) (label[x, y], instances[x, y], image[x, y][0]) = (id, 3, 220);
        var composite = image.Clone();
        var compositeLabel = label.Clone();
        var pasted = index % 2 == 1;
        if (pasted)
        {
            for (var y = 0; y < 6; y++)
                for (var x = 0; x < 6; x++) (compositeLabel[x, y], instances[x, y], composite[x, y][2]) = (15, 7, 250);
        }

        List<ArtifactReference> artifacts =
        [
            new(ArtifactNames.CompositeImage, Put(ImageCodec.EncodePng(composite)), "cpu"),
            new(ArtifactNames.CompositeLabel, Put(IndexedPng.Encode(compositeLabel)), "cpu"),
            new(ArtifactNames.FinalImage, Put(ImageCodec.EncodePng(composite)), "cpu"),
            new(ArtifactNames.Image, Put(ImageCodec.EncodePng(image)), "cpu"),
            new(ArtifactNames.Instances, Put(IndexedPng.Encode(instances)), "cpu"),
            new(ArtifactNames.Label, Put(IndexedPng.Encode(label)), "cpu"),
        ];
        if (pasted) artifacts.Add(new(ArtifactNames.Pasted, Put(IndexedPng.Encode(instances)), "cpu"));
        artifacts.Add(new(ArtifactNames.Prediction, Put(IndexedPng.Encode(label)), "cpu"));
        return new SampleRecord
        {
            Round = round,
            Index = index,
            Plan = new SamplePlan((round * 8) + index, name, id, "grass", $"a photo of a {name} in grass", "", spec.Seed),
            State = index < 6 ? SampleState.Kept : SampleState.Dropped,
            Score = 0.9 - (0.1 * index),
            Artifacts = [.. artifacts],
        };
    }

    private sealed class NothingToCollect : IArtifactCollectorGrain
    {
        public Task Collect(TimeSpan? grace = null, bool countOnly = false) => Task.CompletedTask;

        public Task<CollectionReport> GetReport() => Task.FromResult(new CollectionReport { EndedAt = DateTimeOffset.UnixEpoch });
    }

    private sealed class FakeRun(string id, FakeEngine engine) : IRunGrain
    {
        private RunSpec? _spec;
        private RunState? _steered;

        public Task Start(RunSpec spec)
        {
            _spec = spec;
            engine._runs[id] = this;
            return Task.CompletedTask;
        }

        public Task<RunSpec?> GetSpec() => Task.FromResult(_spec);

        public Task<RunStatus> GetStatus() =>
            engine.IsSilent
                ? new TaskCompletionSource<RunStatus>().Task
                : Task.FromResult(
                    _spec is null
                        ? new RunStatus { Run = id }
                        : new RunStatus
                        {
                            Run = id,
                            Name = _spec.Name,
                            State = _steered ?? engine.Ending,
                            Reason = engine.Ending == RunState.Failed ? "the model is broken" : null,
                            RoundsPlanned = 2,
                            StartedAt = DateTimeOffset.UnixEpoch,
                            EndedAt = DateTimeOffset.UnixEpoch.AddMinutes(3),
                            ManifestHash = engine.Ending == RunState.Completed ? new string('a', 64) : null,
                            ManifestParts = [engine.Put("one\n"u8.ToArray()), engine.Put("two\n"u8.ToArray())],
                            Segmenter = new SegmenterModel(
                                engine.Put([1]),
                                engine.Put("{}"u8.ToArray()),
                                engine.Put([2]),
                                engine.Put(Encoding.UTF8.GetBytes(Card.ToJson()))
                            ),
                            Rounds = [.. Enumerable.Range(0, 2).Select(Round)],
                        }
                );

        public Task Pause(string reason) => Steer(RunState.Paused);

        public Task Resume() => Task.CompletedTask;

        public Task Cancel(string reason) => Steer(RunState.Cancelled);

        public Task Retry(int[]? indices = null) => Task.CompletedTask;

        public Task<RunArtifacts> GetArtifacts() => Task.FromResult(new RunArtifacts([], 0));

        public Task<ImmutableArray<ShardStates>> GetSampleStates(int round, ImmutableArray<string?> known) =>
            Task.FromResult<ImmutableArray<ShardStates>>([]);

        public Task<SamplePage> GetSamples(SampleQuery query)
        {
            // Pages of three, so that readers have to turn them.
            var all = Enumerable.Range(query.From, Math.Min(3, 8 - query.From)).Select(index => engine.Sample(_spec!, query.Round, index));
            var next = query.From + 3;
            return Task.FromResult(
                new SamplePage([.. all.Where(sample => query.State is null || sample.State == query.State)], next < 8 ? next : null)
            );
        }

        public Task NotifyChanged() => Task.CompletedTask;

        public Task Remove() => engine.Unregister(id);

        public Task<bool> RestoreArtifact(int round, int index, string hash) => Task.FromResult(false);

        public Task StoreLostWrites() => Task.CompletedTask;

        private Task Steer(RunState state)
        {
            _steered = state;
            return Task.CompletedTask;
        }

        private RoundStatus Round(int number) =>
            new()
            {
                Round = number,
                Phase = engine.Ending == RunState.Running && number == 1 ? RoundPhase.Training : RoundPhase.Closed,
                Counts = new StateCounts(8, 8, 8, 8, 8, 8, 6, 2, 0, 1),
                Thresholds = [.. _spec!.Classes.Select(name => new SelectionThreshold(name, 4, 3, 0.4, 5))],
                Quality = new SegmenterQuality(
                    0.3 + (0.1 * number),
                    [new ClassIoU("background", 0.8), .. _spec.Classes.Select(name => new ClassIoU(name, 0.25)), new ClassIoU("train", 0)]
                ),
                StartQuality = number == 0 ? engine.Start : null,
                Training = engine.Ending == RunState.Running ? new TrainingProgress("segmenter", 3, 10, 1.5) : null,
                Seconds = new StageSeconds(1, 2, 3, 4, 5, 6, 7),
                Failures = [new FailureGroup("the mask is too small", 1, 4)],
                StartedAt = DateTimeOffset.UnixEpoch,
                EndedAt = DateTimeOffset.UnixEpoch.AddMinutes(1),
            };
    }
}
