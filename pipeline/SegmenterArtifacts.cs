using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Onnx;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Pipeline;

/// <summary>Segmenters in the artifact store.</summary>
internal static class SegmenterArtifacts
{
    internal static async Task<SegmenterModel> KeepAsync(
        IArtifactStore store,
        SegmenterTrainingResult trained,
        CancellationToken cancellationToken
    ) =>
        new(
            await store.PutAsync(trained.Weights, cancellationToken),
            await store.PutAsync(Encoding.UTF8.GetBytes(trained.Config), cancellationToken),
            await store.PutAsync(trained.Onnx, cancellationToken),
            await store.PutAsync(Encoding.UTF8.GetBytes(trained.Card), cancellationToken)
        );

    /// <summary>Opens a segmenter for inference.</summary>
    /// <exception cref="FreeMaskException">It has no ONNX export.</exception>
    internal static async Task<OnnxSegmenter> OpenAsync(
        IArtifactStore store, SegmenterModel model, OnnxSessionOptions sessions, CancellationToken cancellationToken)
    {
        if (model is not { Onnx: { } onnx, Card: { } card })
            throw new FreeMaskException($"The segmenter {model.Weights} has no ONNX export; it cannot score samples.");
        var description = SegmenterCard.Parse(Encoding.UTF8.GetString((await store.GetAsync(card, cancellationToken)).Span), card);
        return new OnnxSegmenter((await store.GetAsync(onnx, cancellationToken)).ToArray(), description, sessions.Threads);
    }
}
