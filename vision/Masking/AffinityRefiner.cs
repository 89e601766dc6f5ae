using FreeMask.Diffusion.Attention;
using FreeMask.Imaging;
using FreeMask.Vision.Affinity;

namespace FreeMask.Vision.Masking;

/// <summary>Spreads a coarse map along the affinities that a head has learned, before it is cut.</summary>
internal sealed class AffinityRefiner(AffinityModel model)
{
    /// <summary>The walk of a class's map.</summary>
    /// <param name="image">The image.</param>
    /// <param name="coarse">The class's map on any grid.</param>
    /// <param name="self">The image's self-attention.</param>
    /// <param name="className">The class.</param>
    /// <returns>The map on the model's grid, within the range of the coarse one (enlarged with its own overshoot).</returns>
    /// <exception cref="FreeMaskException">The model has no head for the class, or was made for other features.</exception>
    public FloatMap Refine(RgbImage image, FloatMap coarse, SelfAttentionGrid self, string className)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(coarse);
        var (config, head) = (model.Config, model.Head(className));
        if (!head.Inputs.SequenceEqual(AffinityFeatures.Channels))
            throw new FreeMaskException(
                $"The affinity model takes levels of {string.Join(", ", head.Inputs)} channels; images have "
                    + $"{string.Join(", ", AffinityFeatures.Channels)}. Train it anew."
            );
        var embedding = head.Embed(AffinityFeatures.Extract(image, self, config.Side));
        var pairs = new AffinityPairs(embedding.Width, embedding.Height, config.Radius, config.Sources);
        var map = Resampling.Resize(coarse, embedding.Width, embedding.Height, ResamplingFilter.Bicubic);
        return new RandomWalk(pairs, pairs.Affinities(embedding), config.Beta).Propagate(map, config.Steps);
    }

    /// <summary>The self-attention that features are made of: the largest grid of a record.</summary>
    /// <exception cref="FreeMaskException">The record has none.</exception>
    public static SelfAttentionGrid SelfAttention(AttentionRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Self.Count > 0
            ? record.Self[0]
            : throw new FreeMaskException("The image's attention was captured without self-attention, which affinities need.");
    }
}
