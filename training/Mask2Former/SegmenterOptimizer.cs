using FreeMask.Training.Torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>Which parameter learns how fast and decays how much (Mask2Former, <c>train_net.py</c>, under Hugging Face's names).</summary>
internal static class SegmenterOptimizer
{
    /// <summary>Norms and embedding tables do not decay; the backbone learns at <paramref name="backboneFactor"/> of the rate.</summary>
    internal static IReadOnlyList<TrainedParameter> Parameters(Mask2FormerModel model, double backboneFactor, double weightDecay) =>
    [
        .. model.named_parameters().Select(entry => new TrainedParameter(
            entry.name,
            entry.parameter,
            entry.name.StartsWith(Mask2FormerModel.BackbonePrefix, StringComparison.Ordinal) ? backboneFactor : 1,
            Decays(entry.name) ? weightDecay : 0)),
    ];

    private static bool Decays(string name)
    {
        string[] parts = name.Split('.');
        if (parts[^1] == "relative_position_bias_table" || parts.Contains("hidden_states_norms")) return false;
        if (name.StartsWith("model.transformer_module.queries_", StringComparison.Ordinal)) return false;
        if (name == "model.transformer_module.level_embed.weight") return false;
        var owner = parts[^2];
        if (owner.Contains("norm", StringComparison.Ordinal)) return false;

        // The second child of a projection of the pixel decoder is its group norm.
        var inProjection = parts.Any(p => p is "input_projections" or "adapter_1" or "layer_1");
        return !(inProjection && name.Contains("pixel_level_module.decoder", StringComparison.Ordinal) && owner == "1");
    }
}
