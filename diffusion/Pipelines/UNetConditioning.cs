using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Text;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Pipelines;

/// <summary>The inputs of a U-Net call that do not change from step to step, for the rows of a batch.</summary>
internal sealed class UNetConditioning
{
    private readonly Dictionary<string, FloatTensor> _inputs = new(StringComparer.Ordinal);

    internal UNetConditioning(
        DiffusionBundle bundle,
        IReadOnlyList<TextEmbedding> rows,
        int width,
        int height,
        IReadOnlyList<float> guidance
    )
    {
        var batch = rows.Count;
        var context = rows[0].Context;
        var joined = FloatTensor.Zeros(batch, context.Shape[0], context.Shape[1]);
        for (var i = 0; i < batch; i++) rows[i].Context.Values.CopyTo(joined.Row(i));
        _inputs[bundle.UNet.TextInput] = joined;
        if (bundle.UNet.HasPooledText)
        {
            _inputs["text_embeds"] = Stack([.. rows.Select(r => r.Pooled)]);
            // original size, crop corner, target size (diffusers, pipeline_stable_diffusion_xl.py, _get_add_time_ids)
            _inputs["time_ids"] = Stack([.. rows.Select(_ => new float[] { height, width, 0, 0, height, width })]);
        }

        if (bundle.UNet.GuidanceWidth is { } size) _inputs["timestep_cond"] = Stack([.. guidance.Select(g => EmbedGuidance(g, size))]);
    }

    internal Dictionary<string, FloatTensor> Inputs => new(_inputs, StringComparer.Ordinal);

    /// <summary>[sin(w f), cos(w f)] with w = 1000 (guidance - 1), f_i = 10000^(-i / (n/2 - 1)) (diffusers,
    /// pipeline_latent_consistency_text2img.py).</summary>
    internal static float[] EmbedGuidance(float guidance, int size)
    {
        var half = size / 2;
        var embedding = new float[size];
        for (var i = 0; i < half; i++)
        {
            var angle = (guidance - 1.0) * 1000 * Math.Exp(-Math.Log(10000) * i / (half - 1));
            embedding[i] = (float)Math.Sin(angle);
            embedding[half + i] = (float)Math.Cos(angle);
        }

        return embedding;
    }

    private static FloatTensor Stack(float[][] rows)
    {
        var result = FloatTensor.Zeros(rows.Length, rows[0].Length);
        for (var i = 0; i < rows.Length; i++) rows[i].CopyTo(result.Row(i));
        return result;
    }
}
