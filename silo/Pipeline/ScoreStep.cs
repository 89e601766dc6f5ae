using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Imaging;
using FreeMask.Vision.Onnx;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Silo.Pipeline;

/// <summary>Judges samples: a model that never saw them predicts, and the agreement with their label map is the score.</summary>
internal sealed class ScoreStep(IArtifactStore store, OnnxSessionOptions sessions) : IStageStep, IDisposable
{
    // Batches of one judge follow each other; the fold models of round 0 alternate.
    private const int KeptJudges = 4;

    private readonly ModelCache<string, Judge> _judges = new(KeptJudges);

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken) =>
        await StepArtifacts.EachAsync(inputs, input => JudgeAsync(spec.Scoring, input, cancellationToken));

    public void Dispose() => _judges.Dispose();

    private async Task<StageOutcome> JudgeAsync(ScoringSpec spec, StageInput input, CancellationToken cancellationToken)
    {
        using var judge = await (spec.Segmenter is { } folder
            ? _judges.AcquireAsync($"{folder}\n{string.Join(',', spec.ClassMap)}", () => OwnAsync(spec))
            : _judges.AcquireAsync(input.Judge!.Weights, () => TrainedAsync(input.Judge, cancellationToken)));
        var image = await store.GetImageAsync(input.Artifact(ArtifactNames.FinalImage), cancellationToken);
        var labels = await store.GetLabelsAsync(input.Artifact(ArtifactNames.CompositeLabel), cancellationToken);
        // One picture a call: what is predicted for it cannot depend on its neighbours in a batch.
        var prediction = judge.Model.Predict(image);
        return StageOutcome.Judged(SampleScore.Compute(labels, prediction), [(ArtifactNames.Prediction, await store.PutAsync(prediction, cancellationToken))]);
    }

    private async Task<Judge> TrainedAsync(SegmenterModel judge, CancellationToken cancellationToken)
    {
        var model = await SegmenterArtifacts.OpenAsync(store, judge, sessions, cancellationToken);
        return new Judge(model, ClassMapping.ToVoc(model.Card.Classes));
    }

    private Task<Judge> OwnAsync(ScoringSpec spec)
    {
        var model = OnnxSegmenter.Load(spec.Segmenter!, sessions.Threads);
        return Task.FromResult(new Judge(model, ClassMapping.ToVoc(model.Card.Classes, spec.ClassMap)));
    }

    private sealed class Judge(OnnxSegmenter model, ClassMapping classes) : IDisposable
    {
        internal LabelMap Predict(RgbImage image) => classes.Apply(model.Segment(image).Labels);

        public void Dispose() => model.Dispose();
    }
}
