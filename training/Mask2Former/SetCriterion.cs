using FreeMask.Training.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mask2Former;

/// <summary>A query and the target that it should become.</summary>
/// <param name="Row">Prediction x images + image.</param>
/// <param name="Image">The image.</param>
/// <param name="Query">The query.</param>
/// <param name="Target">The mask of that image.</param>
internal readonly record struct MatchedPair(int Row, int Image, int Query, int Target);

/// <summary>The loss of a step, with what led to it.</summary>
/// <param name="Total">Weighted sum of all terms; backward starts here.</param>
/// <param name="Class">Unweighted class terms, one for each prediction, the final one first.</param>
/// <param name="Mask">Unweighted binary cross-entropy terms, likewise.</param>
/// <param name="Dice">Unweighted dice terms, likewise.</param>
/// <param name="Pairs">All matches, in the order of <see cref="PointSampling"/>.</param>
/// <param name="Points">The points used in the end [pairs, k, 2].</param>
internal sealed record SetLoss(Tensor Total, Tensor Class, Tensor Mask, Tensor Dice, IReadOnlyList<MatchedPair> Pairs, Tensor Points);

/// <summary>Pair costs of all predictions, [predictions x b, q, m] each.</summary>
internal sealed record PairCosts(Tensor Mask, Tensor Dice, Tensor Total);

/// <summary>
/// Mask2Former's set loss: queries are matched to targets (each prediction on its own), matched masks are compared at sampled points.
/// Pixels of unknown label count nowhere: points that fall on them have weight zero in costs and losses and are never chosen as uncertain.
/// </summary>
/// <param name="config">Weights and numbers of points.</param>
/// <param name="classWeights">Weight of each class in the class loss [classes + 1].</param>
internal sealed class SetCriterion(Mask2FormerConfig config, Tensor classWeights)
{
    // Ranks points of unknown label after all others.
    private const double NeverUncertain = -1e30;

    /// <summary>Computes the loss of the predictions in the decoder's order (the final one last).</summary>
    internal SetLoss Compute(IReadOnlyList<Prediction> predictions, SegmentationTargets targets, PointSampling points)
    {
        Prediction[] ordered = [predictions[^1], .. predictions.Take(predictions.Count - 1)];
        var classes = cat([.. ordered.Select(p => p.Classes)]);
        var masks = cat([.. ordered.Select(p => p.Masks)]);
        var pairs = Match(Costs(classes, masks, targets, points.Matcher), targets);
        return Losses(classes, masks, targets, points, pairs, ordered.Length);
    }

    /// <summary>The loss for given matches.</summary>
    /// <param name="classes">Class logits of all predictions, the final one first [predictions x b, q, classes + 1].</param>
    /// <param name="masks">Mask logits, likewise [predictions x b, q, h, w].</param>
    /// <param name="targets">What the images show.</param>
    /// <param name="points">Where masks are compared.</param>
    /// <param name="pairs">The matches.</param>
    /// <param name="predictions">Number of predictions.</param>
    internal SetLoss Losses(
        Tensor classes, Tensor masks, SegmentationTargets targets, PointSampling points, IReadOnlyList<MatchedPair> pairs, int predictions)
    {
        var classLoss = ClassLoss(classes, targets, pairs, predictions);
        var (maskLoss, diceLoss, used) = MaskLosses(masks, targets, pairs, points, predictions);
        var total = Weigh(classLoss.sum(), maskLoss.sum(), diceLoss.sum());
        return new SetLoss(total, classLoss, maskLoss, diceLoss, pairs, used);
    }

    /// <summary>What it would cost to let each query stand for each target.</summary>
    internal PairCosts Costs(Tensor classes, Tensor masks, SegmentationTargets targets, Tensor points)
    {
        using var frozen = no_grad();
        var (rows, images, slots, count) = (masks.shape[0], targets.Masks.shape[0], targets.Masks.shape[1], points.shape[1]);
        var predictions = rows / images;
        var logits = PointSampling.Bilinear(masks.detach(), points);
        var wanted = PointSampling
            .Bilinear(targets.Masks, points.view(predictions, images, count, 2).transpose(0, 1).reshape(images, -1, 2))
            .view(images, slots, predictions, count)
            .permute(2, 0, 3, 1)
            .reshape(rows, count, slots);
        var weight = PointSampling
            .Nearest(targets.Valid, Owners(images, masks.device).repeat(predictions), points)
            .unsqueeze(1);

        // t softplus(-z) + (1 - t) softplus(z) = softplus(z) - t z, so one product gives all pairs.
        var cross = (functional.softplus(logits) * weight).sum(-1, keepdim: true) - (logits * weight).matmul(wanted);
        var mask = cross / weight.sum(-1, keepdim: true).clamp(min: PinnedScalar.Of(1));
        var inside = logits.sigmoid() * weight;
        var area = weight.matmul(wanted);
        var dice = Dice(inside.matmul(wanted), inside.sum(-1, keepdim: true).SafeAdd(area));

        var indices = new long[images * slots];
        for (var image = 0; image < images; image++)
            for (var i = 0; i < targets.Classes[image].Count; i++) indices[(image * slots) + i] = targets.Classes[image][i];
        var columns = tensor(indices, [images, 1, slots], device: classes.device).repeat(predictions, masks.shape[1], 1);
        var likelihood = classes.detach().softmax(-1).gather(2, columns);
        return new PairCosts(mask, dice, Weigh(likelihood.neg(), mask, dice));
    }

    /// <summary>The cheapest matches of each prediction and image.</summary>
    internal static IReadOnlyList<MatchedPair> Match(PairCosts costs, SegmentationTargets targets)
    {
        var (rows, queries, slots) = ((int)costs.Total.shape[0], (int)costs.Total.shape[1], (int)costs.Total.shape[2]);
        var values = costs.Total.cpu().contiguous().data<float>().ToArray();
        var pairs = new List<MatchedPair>();
        for (var row = 0; row < rows; row++)
        {
            var image = row % targets.Classes.Count;
            var start = row * queries * slots;
            foreach (
                var (query, target) in LinearAssignment.Solve(
                    (q, t) => values[start + (q * slots) + t],
                    queries,
                    targets.Classes[image].Count
                )
            )
                pairs.Add(new MatchedPair(row, image, query, target));
        }

        return pairs;
    }

    /// <summary>0, 1, ... for the images of a prediction.</summary>
    private static Tensor Owners(long images, Device device) =>
        arange(PinnedScalar.Of(0), PinnedScalar.Of(images), PinnedScalar.Of(1), device: device);

    private Tensor Weigh(Tensor @class, Tensor mask, Tensor dice) =>
        (@class * PinnedScalar.Of(config.ClassWeight))
            .SafeAdd(mask * PinnedScalar.Of(config.MaskWeight))
            .SafeAdd(dice * PinnedScalar.Of(config.DiceWeight));

    /// <summary>1 - (2 overlap + 1) / (both areas + 1).</summary>
    private static Tensor Dice(Tensor overlap, Tensor areas)
    {
        var one = PinnedScalar.Of(1);
        return one - ((overlap * PinnedScalar.Of(2)).SafeAdd(one) / areas.SafeAdd(one));
    }

    private Tensor ClassLoss(Tensor classes, SegmentationTargets targets, IReadOnlyList<MatchedPair> pairs, int predictions)
    {
        var queries = classes.shape[1];
        var wanted = new long[classes.shape[0] * queries];
        Array.Fill(wanted, classes.shape[2] - 1);
        foreach (var pair in pairs) wanted[(pair.Row * queries) + pair.Query] = targets.Classes[pair.Image][pair.Target];
        var index = tensor(wanted, device: classes.device);
        var weight = classWeights.index_select(0, index).view(predictions, -1);
        var surprise = -classes.flatten(0, 1).log_softmax(-1).gather(1, index.unsqueeze(1)).view(predictions, -1);
        return (surprise * weight).sum(1) / weight.sum(1);
    }

    private (Tensor Mask, Tensor Dice, Tensor Points) MaskLosses(
        Tensor masks, SegmentationTargets targets, IReadOnlyList<MatchedPair> pairs, PointSampling points, int predictions)
    {
        if (pairs.Count == 0)
        {
            // Nothing to compare; the zero keeps the masks in the graph, so that every parameter has a gradient.
            var zero = (masks.sum() * PinnedScalar.Of(0)).expand(predictions);
            return (zero, zero, points.Random);
        }

        var (queries, slots) = (masks.shape[1], targets.Masks.shape[1]);
        var rows = tensor(pairs.Select(p => (p.Row * queries) + p.Query).ToArray(), device: masks.device);
        var predicted = masks.flatten(0, 1).index_select(0, rows).unsqueeze(1);
        Tensor chosen, wanted, weight;
        using (no_grad())
        {
            var owners = tensor(pairs.Select(p => (long)p.Image).ToArray(), device: masks.device);
            chosen = Choose(predicted.detach(), targets.Valid, owners, points);
            var truth = targets
                .Masks.flatten(0, 1)
                .index_select(0, tensor(pairs.Select(p => (p.Image * slots) + p.Target).ToArray(), device: masks.device))
                .unsqueeze(1);
            wanted = PointSampling.Bilinear(truth, chosen).squeeze(1);
            weight = PointSampling.Nearest(targets.Valid, owners, chosen);
        }

        var logits = PointSampling.Bilinear(predicted, chosen).squeeze(1);
        var known = weight.sum(1).clamp(min: PinnedScalar.Of(1));
        var cross = ((functional.softplus(logits) - (logits * wanted)) * weight).sum(1) / known;
        var inside = logits.sigmoid() * weight;
        var dice = Dice((inside * wanted).sum(1), inside.sum(1).SafeAdd((wanted * weight).sum(1)));
        var share = PinnedScalar.Of(1.0 / Math.Max(1, targets.Count));
        return (cross.view(predictions, -1).sum(1) * share, dice.view(predictions, -1).sum(1) * share, chosen);
    }

    private Tensor Choose(Tensor logits, Tensor valid, Tensor owners, PointSampling points)
    {
        var certainty = PointSampling.Bilinear(logits, points.Candidates).squeeze(1).abs();
        var unknown = PointSampling.Nearest(valid, owners, points.Candidates).eq(PinnedScalar.Of(0));
        var (_, top) = certainty.neg().masked_fill(unknown, PinnedScalar.Of(NeverUncertain)).topk(PointSampling.UncertainCount(config), 1);
        return cat([points.Candidates.gather(1, top.unsqueeze(2).expand(-1, -1, 2)), points.Random], 1);
    }
}
