using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Pipeline;

/// <summary>Scores samples: the agreement of their label map with the prediction of a segmenter that was not trained on them.</summary>
internal sealed class ScoreStageHandler(IArtifactStore store, OnnxSessionOptions sessions) : IStageHandler, IDisposable
{
    // Batches with the same scoring model usually follow each other; the fold models of round 0 alternate.
    private const int KeptModels = 4;

    private readonly ModelCache<(string Model, LabelSet Classes), ScoringModel> _models = new(KeptModels);

    public Stage Stage => Stage.Score;

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    ) => await StageArtifacts.EachAsync(inputs, input => ScoreAsync(spec.Scoring, spec.LabelSet(), input, cancellationToken));

    public void Dispose() => _models.Dispose();

    private async Task<StageOutcome> ScoreAsync(
        ScoringSpec spec,
        LabelSet classes,
        StageInput input,
        CancellationToken cancellationToken
    )
    {
        using var scoringModel = await (spec.Segmenter is { } folder
            ? _models.AcquireAsync(($"{folder}\n{string.Join(',', spec.ClassMap)}", classes), () => OwnAsync(spec, classes))
            : _models.AcquireAsync(
                (input.ScoringModel!.Weights, classes),
                () => TrainedAsync(input.ScoringModel, classes, cancellationToken)
            ));
        var image = await store.GetImageAsync(input.Artifact(ArtifactNames.FinalImage), cancellationToken);
        var labels = await store.GetLabelsAsync(input.Artifact(ArtifactNames.CompositeLabel), cancellationToken);
        var instances = await store.GetLabelsAsync(input.Artifact(ArtifactNames.Instances), cancellationToken);
        // One image a call, so that a prediction cannot depend on the other images of the batch.
        var prediction = scoringModel.Model.Predict(image);
        var agreement = SampleAgreement.Compute(labels, instances, prediction);
        return StageOutcome.Scored(
            ScoreOf(agreement, spec.Criterion),
            [(ArtifactNames.Prediction, await store.PutAsync(prediction, cancellationToken))],
            [
                new SampleFact("score.iou", agreement.IoU),
                new SampleFact("score.mask", agreement.Mask),
                new SampleFact("score.worstObject", agreement.WorstObject),
                new SampleFact("score.class", agreement.Class),
                new SampleFact("score.boundary", agreement.Boundary),
            ]
        );
    }

    private static double ScoreOf(SampleAgreement agreement, string criterion) =>
        criterion switch
        {
            ScoreCriteria.Mask => agreement.Mask,
            ScoreCriteria.MaskAndClass => agreement.MaskAndClass,
            ScoreCriteria.WorstObject => agreement.WorstObject,
            _ => agreement.IoU,
        };

    private async Task<ScoringModel> TrainedAsync(SegmenterModel segmenter, LabelSet classes, CancellationToken cancellationToken)
    {
        var model = await SegmenterArtifacts.OpenAsync(store, segmenter, sessions, cancellationToken);
        return new ScoringModel(model, ClassMapping.To(classes, model.Card.Classes));
    }

    private Task<ScoringModel> OwnAsync(ScoringSpec spec, LabelSet classes)
    {
        var model = OnnxSegmenter.Load(spec.Segmenter!, sessions.Threads);
        return Task.FromResult(new ScoringModel(model, ClassMapping.To(classes, model.Card.Classes, spec.ClassMap)));
    }

    private sealed class ScoringModel(OnnxSegmenter model, ClassMapping classes) : IDisposable
    {
        internal LabelMap Predict(RgbImage image) => classes.Apply(model.Segment(image).Labels);

        public void Dispose() => model.Dispose();
    }
}
