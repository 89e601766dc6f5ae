using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Cli.Tests.Runs;

/// <summary>Stages that draw a square in place of a generated object: without models, with exact labels, in a real silo.</summary>
internal sealed class DrawnStages(IArtifactStore store, StageObserver observer) : IStageRunnerFactory, IStageRunner, ISegmenterTraining
{
    private const int Side = 24;

    public IStageRunner Create(string device) => this;

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        Stage kind,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        observer.BeforeStage?.Invoke(kind);
        var outcomes = new List<StageOutcome>();
        foreach (var input in inputs) outcomes.Add(await OneAsync(kind, input, cancellationToken));
        return outcomes;
    }

    public async Task<SegmenterModel> TrainAsync(TrainingRequest request, ITrainingMonitor monitor, CancellationToken cancellationToken)
    {
        for (var step = request.Checkpoint?.Step ?? 0; step < request.Steps;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            monitor.Report(++step, request.Steps, 1.0 / step);
        }

        var weights = System.Text.Encoding.UTF8.GetBytes($"{request.Seed} {string.Join(',', request.Examples)}");
        return new SegmenterModel(
            await store.PutAsync(weights, cancellationToken),
            await store.PutAsync("{}"u8.ToArray(), cancellationToken),
            null
        );
    }

    public Task<SegmenterQuality> EvaluateAsync(
        RunSpec spec,
        SegmenterModel model,
        ITrainingMonitor monitor,
        CancellationToken cancellationToken
    ) => Task.FromResult(new SegmenterQuality(0.5, [.. spec.Classes.Select(name => new ClassIoU(name, 0.5))]));

    private async Task<StageOutcome> OneAsync(Stage kind, StageInput input, CancellationToken stop)
    {
        var (image, label) = Draw(input);
        switch (kind)
        {
            case Stage.Generate:
                return StageOutcome.Done([
                    (ArtifactNames.Attention, await store.PutAsync(new byte[] { 1 }, stop)),
                    (ArtifactNames.Image, await store.PutAsync(ImageCodec.EncodePng(image), stop)),
                ]);
            case Stage.Mask when input.Attempt == 0 && input.Index % 5 == 0:
                return StageOutcome.Rejected("the object covers too little of the image");
            case Stage.Mask:
                return StageOutcome.Done([(ArtifactNames.Label, await store.PutAsync(IndexedPng.Encode(label), stop))]);
            case Stage.Compose:
                var instances = new LabelMap(Side, Side, Array.ConvertAll(label.Labels, value => value == 0 ? (byte)0 : (byte)1));
                return StageOutcome.Done([
                    (ArtifactNames.CompositeImage, input.Artifact(ArtifactNames.Image)),
                    (ArtifactNames.CompositeLabel, input.Artifact(ArtifactNames.Label)),
                    (ArtifactNames.Instances, await store.PutAsync(IndexedPng.Encode(instances), stop)),
                ]);
            case Stage.Harmonize:
                return StageOutcome.Done([(ArtifactNames.FinalImage, input.Artifact(ArtifactNames.CompositeImage))]);
            default:
                return StageOutcome.Scored(
                    Random(input, "score").NextDouble(),
                    [(ArtifactNames.Prediction, input.Artifact(ArtifactNames.CompositeLabel))]
                );
        }
    }

    private static CounterRandom Random(StageInput input, string purpose) =>
        new(input.Plan.Seed, input.Plan.Stream, input.Attempt, purpose);

    private static (RgbImage Image, LabelMap Label) Draw(StageInput input)
    {
        var random = Random(input, "draw");
        var image = new RgbImage(Side, Side);
        image.Pixels.AsSpan().Fill((byte)random.NextInt(200));
        var label = new LabelMap(Side, Side);
        var (left, top) = (random.NextInt(Side / 2), random.NextInt(Side / 2));
        for (var y = top; y < top + 8; y++)
            for (var x = left; x < left + 8; x++) (label[x, y], image[x, y][1]) = ((byte)input.Plan.ClassIndex, 255);
        return (image, label);
    }
}

/// <summary>Called before each stage.</summary>
internal sealed class StageObserver
{
    internal Action<Stage>? BeforeStage { get; set; }
}
