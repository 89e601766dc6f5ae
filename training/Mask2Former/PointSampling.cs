using FreeMask.Randomness;
using FreeMask.Training.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// The random places at which masks are compared (PointRend's sampling). All are x, y in 0..1. Rows of predictions come one prediction
/// after the other, the final one first, then the auxiliary ones; inside a prediction images in order, inside an image pairs sorted by
/// query.
/// </summary>
/// <param name="Matcher">Shared by all pairs of an image while matching, [predictions x b, k, 2].</param>
/// <param name="Candidates">From which the most uncertain are taken, [predictions x pairs, k x oversampling, 2].</param>
/// <param name="Random">Used as they are, [predictions x pairs, rest of k, 2].</param>
internal sealed record PointSampling(Tensor Matcher, Tensor Candidates, Tensor Random)
{
    /// <summary>Draws the points of one training step, on the device of the targets; they depend on (seed, step) alone.</summary>
    internal static PointSampling Draw(Mask2FormerConfig config, int predictions, SegmentationTargets targets, ulong seed, long step)
    {
        var pairs = targets.Classes.Sum(c => Math.Min(c.Count, config.Queries));
        var (points, device) = (config.TrainPoints, targets.Masks.device);
        return new PointSampling(
            Uniform(predictions * targets.Classes.Count, points, seed, step, "segmenter-match-points", device),
            Uniform(predictions * pairs, (int)(points * config.OversampleRatio), seed, step, "segmenter-candidate-points", device),
            Uniform(predictions * pairs, points - UncertainCount(config), seed, step, "segmenter-random-points", device));
    }

    /// <summary>How many of the points are chosen for their uncertainty.</summary>
    internal static int UncertainCount(Mask2FormerConfig config) => (int)(config.ImportanceRatio * config.TrainPoints);

    /// <summary>Bilinear samples of maps [n, c, h, w] at points [n, k, 2]: [n, c, k]. Outside counts as zero, so that values fade at the
    /// border.</summary>
    internal static Tensor Bilinear(Tensor maps, Tensor points) =>
        functional
            .grid_sample(
                maps,
                ((points * PinnedScalar.Of(2)) - PinnedScalar.Of(1)).unsqueeze(2),
                GridSampleMode.Bilinear,
                GridSamplePaddingMode.Zeros,
                align_corners: false
            )
            .squeeze(3);

    /// <summary>Values of maps [m, h, w] at the pixels that hold the points [n, k, 2]: [n, k].</summary>
    /// <param name="maps">The maps.</param>
    /// <param name="owners">Which map each row of points belongs to [n].</param>
    /// <param name="points">The points.</param>
    internal static Tensor Nearest(Tensor maps, Tensor owners, Tensor points)
    {
        var (height, width) = (maps.shape[1], maps.shape[2]);
        var x = (points.select(2, 0) * PinnedScalar.Of(width))
            .floor_()
            .to_type(ScalarType.Int64)
            .clamp_(PinnedScalar.Of(0), PinnedScalar.Of(width - 1));
        var y = (points.select(2, 1) * PinnedScalar.Of(height))
            .floor_()
            .to_type(ScalarType.Int64)
            .clamp_(PinnedScalar.Of(0), PinnedScalar.Of(height - 1));
        var index = y.add_(owners.unsqueeze(1) * PinnedScalar.Of(height), PinnedScalar.Of(1))
            .mul_(PinnedScalar.Of(width))
            .add_(x, PinnedScalar.Of(1));
        return maps.flatten().index_select(0, index.flatten()).view(points.shape[0], points.shape[1]);
    }

    private static Tensor Uniform(int rows, int count, ulong seed, long step, string purpose, Device device)
    {
        var random = new CounterRandom(seed, step, 0, purpose);
        var values = new float[rows * count * 2];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle();
        return tensor(values, [rows, count, 2], device: device);
    }
}
