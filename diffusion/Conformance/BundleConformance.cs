using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Imaging;
using FreeMask.Tensors;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace FreeMask.Diffusion.Conformance;

/// <summary>
/// Compares an export with reference data, quantity by quantity. Every step starts from the reference's latents of the step before, so that
/// differences do not pile up.
/// </summary>
internal static class BundleConformance
{
    /// <summary>Measures an export.</summary>
    /// <param name="folder">The export.</param>
    /// <param name="goldenFolder">A folder with <c>golden.json</c> and <c>golden.safetensors</c>.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="cancellation">Stops between runs.</param>
    /// <exception cref="FreeMaskException">The export or the data cannot be read.</exception>
    public static ConformanceReport Measure(
        string folder,
        string goldenFolder,
        DiffusionOptions? options = null,
        CancellationToken cancellation = default
    )
    {
        var golden = GoldenData.Load(goldenFolder);
        try
        {
            return Measure(folder, golden, options, cancellation);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException)
        {
            throw new FreeMaskException($"{goldenFolder} is no golden data as FreeMask reads it, or lacks a part: {e.Message}", e);
        }
    }

    private static ConformanceReport Measure(string folder, GoldenData golden, DiffusionOptions? options, CancellationToken cancellation)
    {
        using var bundle = DiffusionBundle.Load(folder, options);
        var unet = bundle.UNet.WithEveryModule();
        using var session = unet.Session;
        var half = session.FindInput(bundle.UNet.LatentInput)!.ElementType is TensorElementType.Float16 or TensorElementType.BFloat16;
        var tolerances = half ? ConformanceTolerances.Half : ConformanceTolerances.Single;
        var rows = new List<ConformanceRow>();
        CompareTexts(golden, bundle, tolerances, rows);
        CompareCall(golden, bundle, unet, tolerances, rows);
        CompareEncoder(golden, bundle, tolerances, rows);
        foreach (var run in golden.Runs)
        {
            cancellation.ThrowIfCancellationRequested();
            new RunComparison(golden, run, bundle, unet, tolerances, rows).Compare();
        }

        return new(folder, rows);
    }

    internal static double Largest(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        if (expected.Length != actual.Length) return double.PositiveInfinity;
        double largest = 0;
        for (var i = 0; i < expected.Length; i++) largest = Math.Max(largest, Math.Abs((double)expected[i] - actual[i]));
        return largest;
    }

    private static void CompareTexts(GoldenData golden, DiffusionBundle bundle, ConformanceTolerances tolerances, List<ConformanceRow> rows)
    {
        foreach (var (name, text) in golden.Prompts)
        {
            var encoded = bundle.Text.Encode(text);
            rows.Add(
                new($"token ids {name}", Largest(golden.Values($"text.{name}.input_ids"), [.. encoded.Tokens.Ids.Select(i => (float)i)]), 0)
            );
            var context = golden.Values(bundle.HasPooledText ? $"text.{name}.prompt_embeds" : $"text.{name}.last_hidden_state");
            rows.Add(new($"text embedding {name}", Largest(context, encoded.Context.Values), tolerances.Text));
            if (bundle.HasPooledText)
                rows.Add(new($"pooled text {name}", Largest(golden.Values($"text.{name}.text_embeds"), encoded.Pooled), tolerances.Text));
        }
    }

    private static void CompareCall(
        GoldenData golden,
        DiffusionBundle bundle,
        CapturingUNet unet,
        ConformanceTolerances tolerances,
        List<ConformanceRow> rows
    )
    {
        if (!golden.Has("unet.sample")) return;
        var sample = golden.Tensor("unet.sample");
        var text = golden.Tensor("unet.encoder_hidden_states");
        var inputs = new Dictionary<string, FloatTensor>
        {
            [bundle.UNet.LatentInput] = sample,
            [bundle.UNet.TextInput] = text,
            ["timestep"] = bundle.UNet.Timestep(golden.Values("unet.timestep")[0], (int)sample.Shape[0]),
            [AttentionCapture.RowsInput] = new([], 0),
            [AttentionCapture.ColumnsInput] = FloatTensor.Zeros(0, text.Shape[1], 1),
        };
        foreach (var name in new[] { "text_embeds", "time_ids", "timestep_cond" })
            if (golden.Has("unet." + name)) inputs[name] = golden.Tensor("unet." + name);
        rows.Add(
            new("U-Net call", Largest(golden.Values("unet.out_sample"), unet.Session.Run(inputs, "out_sample")[0].Values), tolerances.Call)
        );
    }

    private static void CompareEncoder(
        GoldenData golden,
        DiffusionBundle bundle,
        ConformanceTolerances tolerances,
        List<ConformanceRow> rows
    )
    {
        if (!golden.Has("vae.moments") || !bundle.Vae.HasEncoder) return;
        var pixels = golden.Tensor("vae.image_u8");
        var image = new RgbImage((int)pixels.Shape[1], (int)pixels.Shape[0], Array.ConvertAll(pixels.Values, v => (byte)v));
        var mean = golden.Values("vae.moments").AsSpan(0, golden.Values("vae.moments").Length / 2).ToArray();
        float[] encoded = [.. bundle.Vae.Encode(image, bundle.LatentChannels).Values.Select(v => v / (float)bundle.Vae.ScalingFactor)];
        rows.Add(new("VAE encoder", Largest(mean, encoded), tolerances.Encoder));
    }
}
