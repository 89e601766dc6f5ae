using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Onnx;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Silo.Pipeline;

/// <summary>Judges samples: a model that never saw them predicts, and the agreement with their label map is the score.</summary>
internal sealed class ScoreStep(IArtifactStore store, OnnxSessionOptions sessions) : IStageStep, IDisposable
{
    // Batches of one judge follow each other; the fold models of round 0 alternate.
    private const int KeptJudges = 4;

    private readonly List<(string Hash, OnnxSegmenter Model)> _judges = [];

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken) =>
        await StepArtifacts.EachAsync(inputs, input => JudgeAsync(input, cancellationToken));

    public void Dispose()
    {
        foreach (var (_, model) in _judges) model.Dispose();
    }

    private async Task<StageOutcome> JudgeAsync(StageInput input, CancellationToken cancellationToken)
    {
        var judge = await OpenAsync(input.Judge!, cancellationToken);
        var image = await store.GetImageAsync(input.Artifact(ArtifactNames.FinalImage), cancellationToken);
        var labels = await store.GetLabelsAsync(input.Artifact(ArtifactNames.CompositeLabel), cancellationToken);
        // One picture a call: what is predicted for it cannot depend on its neighbours in a batch.
        var prediction = judge.Segment(image).Labels;
        return StageOutcome.Judged(SampleScore.Compute(labels, prediction), [(ArtifactNames.Prediction, await store.PutAsync(prediction, cancellationToken))]);
    }

    private async Task<OnnxSegmenter> OpenAsync(SegmenterModel judge, CancellationToken cancellationToken)
    {
        var at = _judges.FindIndex(j => j.Hash == judge.Weights);
        if (at < 0)
        {
            var opened = await SegmenterArtifacts.OpenAsync(store, judge, sessions, cancellationToken);
            if (_judges.Count == KeptJudges)
            {
                _judges[0].Model.Dispose();
                _judges.RemoveAt(0);
            }

            _judges.Add((judge.Weights, opened));
            at = _judges.Count - 1;
        }

        return _judges[at].Model;
    }
}
