using FreeMask.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Fresh weights as transformers' <c>_init_weights</c> draws them: Glorot for attention and the decoder's feed-forward parts, N(0, 0.02)
/// for the rest, biases zero, deformable offsets as a star that grows with the point's number.
/// </summary>
internal static class Mask2FormerInitialization
{
    private const double Deviation = 0.02;

    internal static void Apply(Mask2FormerModel model, ulong seed)
    {
        model.Backbone.Initialize(seed);
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (name.StartsWith(Mask2FormerModel.BackbonePrefix, StringComparison.Ordinal) || parameter.dim() < 2) continue;
            if (name.Contains("sampling_offsets", StringComparison.Ordinal) || name.Contains("attention_weights", StringComparison.Ordinal))
                continue;
            if (name == "model.pixel_level_module.decoder.level_embed") continue;
            if (UsesGlorot(name)) Initialization.XavierUniform(parameter, seed, name);
            else Initialization.Normal(parameter, Deviation, seed, name);
        }

        foreach (var layer in model.PixelDecoder.Layers) SpreadOffsets(layer.Attention.Offsets.Bias!, layer.Attention.Heads);
    }

    private static bool UsesGlorot(string name) =>
        name.Contains("_attn.", StringComparison.Ordinal)
        || (
            name.StartsWith("model.transformer_module.decoder.layers.", StringComparison.Ordinal)
            && name.Contains(".fc", StringComparison.Ordinal)
        );

    /// <summary>Head h looks in direction 2πh / heads (scaled so that the larger coordinate is 1), point p at distance p + 1.</summary>
    private static void SpreadOffsets(Parameter bias, int heads)
    {
        var values = new List<float>();
        for (var head = 0; head < heads; head++)
        {
            var (sin, cos) = Math.SinCos(2 * Math.PI * head / heads);
            var scale = Math.Max(Math.Abs(sin), Math.Abs(cos));
            for (var level = 0; level < DeformableAttention.Levels; level++)
                for (var point = 1; point <= DeformableAttention.Points; point++)
                    values.AddRange([(float)(cos / scale * point), (float)(sin / scale * point)]);
        }

        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        bias.copy_(tensor(values.ToArray(), device: CPU));
    }
}
