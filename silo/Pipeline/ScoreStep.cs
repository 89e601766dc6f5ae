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

    private readonly List<Judge> _judges = [];

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken) =>
        await StepArtifacts.EachAsync(inputs, input => JudgeAsync(spec.Scoring, input, cancellationToken));

    public void Dispose()
    {
        foreach (var judge in _judges) judge.Model.Dispose();
    }

    private async Task<StageOutcome> JudgeAsync(ScoringSpec spec, StageInput input, CancellationToken cancellationToken)
    {
        var judge = spec.Segmenter is { } folder ? await OpenAsync(folder, () => OwnAsync(spec)) : await OpenAsync(input.Judge!.Weights, () => TrainedAsync(input.Judge, cancellationToken));
        var image = await store.GetImageAsync(input.Artifact(ArtifactNames.FinalImage), cancellationToken);
        var labels = await store.GetLabelsAsync(input.Artifact(ArtifactNames.CompositeLabel), cancellationToken);
        // One picture a call: what is predicted for it cannot depend on its neighbours in a batch.
        var prediction = judge.Predict(image);
        return StageOutcome.Judged(SampleScore.Compute(labels, prediction), [(ArtifactNames.Prediction, await store.PutAsync(prediction, cancellationToken))]);
    }

    private async Task<Judge> OpenAsync(string key, Func<Task<(OnnxSegmenter Model, ClassMapping Classes)>> open)
    {
        if (_judges.Find(judge => judge.Key == key) is { } known) return known;
        var (model, classes) = await open();
        if (_judges.Count == KeptJudges)
        {
            _judges[0].Model.Dispose();
            _judges.RemoveAt(0);
        }

        var judge = new Judge(key, model, classes);
        _judges.Add(judge);
        return judge;
    }

    private async Task<(OnnxSegmenter Model, ClassMapping Classes)> TrainedAsync(SegmenterModel judge, CancellationToken cancellationToken)
    {
        var model = await SegmenterArtifacts.OpenAsync(store, judge, sessions, cancellationToken);
        return (model, ClassMapping.ToVoc(model.Card.Classes));
    }

    private Task<(OnnxSegmenter Model, ClassMapping Classes)> OwnAsync(ScoringSpec spec)
    {
        var model = OnnxSegmenter.Load(spec.Segmenter!, sessions.Threads);
        return Task.FromResult((model, ClassMapping.ToVoc(model.Card.Classes, spec.ClassMap)));
    }

    private sealed record Judge(string Key, OnnxSegmenter Model, ClassMapping Classes)
    {
        internal LabelMap Predict(RgbImage image) => Classes.Apply(Model.Segment(image).Labels);
    }
}
