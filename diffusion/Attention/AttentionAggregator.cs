using FreeMask.Imaging;

namespace FreeMask.Diffusion.Attention;

/// <summary>Turns captured attention into one coarse map a class (models.md's comparison of DAAM, DiffuMask and Dataset Diffusion; see
/// <see cref="AttentionPreset"/>).</summary>
public static class AttentionAggregator
{
    private const float Epsilon = 1e-6f;

    /// <summary>Applies a preset.</summary>
    /// <returns>
    /// One map a class of the record, in its order, all of one grid: the self-attention's if the preset uses it and the record has it,
    /// otherwise the latent's. If no layer fits the preset's limits (a small model has no side of 16), all layers count.
    /// </returns>
    public static IReadOnlyList<FloatMap> Aggregate(AttentionRecord record, AttentionPreset preset)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(preset);
        var layers = Select(record, preset);
        var self = preset.SelfPower > 0 ? FindSelf(record, preset.SelfSide) : null;
        var (width, height) = self is null ? (record.LatentWidth, record.LatentHeight) : (self.Width, self.Height);
        var words = preset.DivideByWords
            ? Average(layers, record.Classes.Count, width, height, preset with { Scaling = LayerScaling.None })
            : null;
        var maps = new FloatMap[record.Classes.Count];
        for (var i = 0; i < maps.Length; i++)
        {
            var map = Average(layers, i, width, height, preset);
            if (words is not null) Divide(map.Values, words.Values);
            if (self is not null) map = SelfAttentionPower.Apply(map, self, preset.SelfPower);
            if (preset.Normalize) AttentionMapNormalization.MinMax(map.Values);
            maps[i] = map;
        }

        return maps;
    }

    private static IReadOnlyList<CrossAttentionLayer> Select(AttentionRecord record, AttentionPreset preset)
    {
        CrossAttentionLayer[] fitting =
        [
            .. record.Cross.Where(l => preset.Parts.Contains(l.Part) && Side(l) >= preset.MinimumSide && Side(l) <= preset.MaximumSide),
        ];
        if (fitting.Length == 0) fitting = [.. record.Cross];
        var sides = fitting.Select(Side).Distinct().OrderDescending().Take(preset.Resolutions).ToHashSet();
        var kept = fitting.Where(l => sides.Contains(Side(l)));
        return preset.LastLayerOfEachSide ? [.. kept.GroupBy(Side).Select(g => g.Last())] : [.. kept];
    }

    private static SelfAttentionGrid? FindSelf(AttentionRecord record, int side) =>
        record.Self.Where(s => Math.Min(s.Width, s.Height) <= side).MaxBy(s => s.Width * s.Height);

    private static FloatMap Average(IReadOnlyList<CrossAttentionLayer> layers, int index, int width, int height, AttentionPreset preset)
    {
        var sum = new FloatMap(width, height);
        foreach (var layer in layers)
        {
            var map = Resampling.Resize(
                new FloatMap(layer.Width, layer.Height, layer.Map(index).ToArray()),
                width,
                height,
                preset.Interpolation
            );
            for (var i = 0; i < map.Values.Length; i++) map.Values[i] = Math.Max(0, map.Values[i]);
            if (preset.Scaling == LayerScaling.Maximum) AttentionMapNormalization.Maximum(map.Values);
            if (preset.Scaling == LayerScaling.MinimumMaximum) AttentionMapNormalization.MinMax(map.Values);
            for (var i = 0; i < sum.Values.Length; i++) sum.Values[i] += map.Values[i] / layers.Count;
        }

        return sum;
    }

    private static void Divide(float[] values, float[] by)
    {
        for (var i = 0; i < values.Length; i++) values[i] /= by[i] + Epsilon;
    }

    private static int Side(CrossAttentionLayer layer) => Math.Min(layer.Width, layer.Height);
}
