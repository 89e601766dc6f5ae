using System.Collections.Immutable;
using System.IO.Compression;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Load.Benchmarks;

/// <summary>
/// Stages that make nothing: samples share a few artifacts that were stored beforehand, so that what is measured is the coordination.
/// </summary>
/// <param name="store">The artifacts.</param>
/// <param name="devices">Take the time of a batch.</param>
/// <param name="pictures">How many pictures with label maps the samples share; 0 for one artifact without content.</param>
internal sealed class NoopStages(IArtifactStore store, FakeDevices devices, int pictures)
    : IStageRunnerFactory, IStageRunner, ISegmenterTraining
{
    private readonly Lazy<Task<string>> _artifact = new(() => store.PutAsync("nothing"u8.ToArray(), CancellationToken.None));
    private readonly Lazy<Task<(string Image, string Label)[]>> _pictures = new(() =>
        Task.WhenAll(Enumerable.Range(0, pictures).Select(n => StorePictureAsync(store, n))));
    private readonly Func<int, Task> _device = devices.Open();

    public IStageRunner Create(string device) => this;

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        Stage kind,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        var hash = await _artifact.Value;
        await _device(inputs.Count);
        var outcomes = new StageOutcome[inputs.Count];
        var made = await _pictures.Value;
        for (var i = 0; i < outcomes.Length; i++)
        {
            var (image, label) = made.Length == 0 ? (hash, hash) : made[inputs[i].Index % made.Length];
            outcomes[i] = OutcomeOf(kind, inputs[i].Index, image, label, hash);
        }

        return outcomes;
    }

    public async Task<SegmenterModel> TrainAsync(TrainingRequest request, ITrainingMonitor monitor, CancellationToken cancellationToken)
    {
        var hash = await _artifact.Value;
        return new SegmenterModel(hash, hash, null);
    }

    public Task<SegmenterQuality> EvaluateAsync(
        RunSpec spec,
        SegmenterModel model,
        ITrainingMonitor monitor,
        CancellationToken cancellationToken
    ) => Task.FromResult(new SegmenterQuality(1, []));

    /// <summary>A disk of one color on a slope of two others, and its label map.</summary>
    private static async Task<(string Image, string Label)> StorePictureAsync(IArtifactStore store, int number)
    {
        const int side = 64;
        var random = new CounterRandom(1, number, 0, "picture");
        var (image, labels) = (new RgbImage(side, side), new LabelMap(side, side));
        var (x0, y0, radius) = (random.NextDouble(16, 48), random.NextDouble(16, 48), random.NextDouble(8, 24));
        var colors = Enumerable.Range(0, 9).Select(_ => (double)random.NextInt(256)).ToArray();
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side; x++)
            {
                var inside = ((x - x0) * (x - x0)) + ((y - y0) * (y - y0)) < radius * radius;
                if (inside) labels[x, y] = (byte)(1 + (number % 20));
                for (var c = 0; c < 3; c++)
                    image[x, y][c] = (byte)(inside ? colors[c] : colors[3 + c] + ((colors[6 + c] - colors[3 + c]) * y / side));
            }
        }

        return (
            await store.PutAsync(ImageCodec.EncodePng(image, CompressionLevel.Fastest), CancellationToken.None),
            await store.PutAsync(IndexedPng.Encode(labels), CancellationToken.None)
        );
    }

    private static StageOutcome OutcomeOf(Stage kind, int index, string image, string label, string nothing)
    {
        ImmutableArray<(string, string)> made = kind switch
        {
            Stage.Generate => [(ArtifactNames.Image, image), (ArtifactNames.Attention, nothing)],
            Stage.Mask => [(ArtifactNames.Label, label)],
            Stage.Compose =>
                [(ArtifactNames.CompositeImage, image), (ArtifactNames.CompositeLabel, label), (ArtifactNames.Instances, label)],
            Stage.Harmonize => [(ArtifactNames.FinalImage, image)],
            _ => [],
        };
        return kind == Stage.Score ? StageOutcome.Scored(index % 1000 / 1000.0) : StageOutcome.Done(made);
    }
}
