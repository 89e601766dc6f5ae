using System.Globalization;
using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Diffusion.Text;
using FreeMask.Imaging;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Conformance;

/// <summary>One reference run, step by step: guided prediction, scheduler step, every attention map that the reference kept, mean maps,
/// image.</summary>
internal sealed class RunComparison(
    GoldenData golden,
    GoldenRun run,
    DiffusionBundle bundle,
    CapturingUNet unet,
    ConformanceTolerances tolerances,
    List<ConformanceRow> rows
)
{
    private readonly string _prefix = $"run{run.Name}";

    internal void Compare()
    {
        var scheduler = run.Scheduler.Create(run.Steps);
        rows.Add(
            new($"{Title} timesteps", BundleConformance.Largest(golden.Values($"{_prefix}.timesteps"), [.. scheduler.Timesteps]), 2e-3)
        );
        if (bundle.UNet.IntegerTimestep && scheduler.Timesteps.Any(t => t != MathF.Truncate(t)))
        {
            rows.Add(new($"{Title} steps", double.NaN, 0, "the schedule has fractional timesteps, which this export does not take"));
            return;
        }

        TextEmbedding[] prompts = [.. run.Prompts.Select(p => bundle.Text.Encode(golden.TextOf(p)))];
        TextEmbedding[] negatives = run.Guided ? [.. prompts.Select(_ => Negative())] : [];
        var conditioning = new UNetConditioning(
            bundle,
            [.. negatives, .. prompts],
            run.Width,
            run.Height,
            [.. negatives.Select(_ => run.Guidance), .. prompts.Select(_ => run.Guidance)]
        );
        var noise = golden.Tensor($"{_prefix}.noise");
        var guided = golden.Tensor($"{_prefix}.guided");
        var latents = golden.Tensor($"{_prefix}.latents");
        var size = noise.Values.Length;
        var means = golden.Has($"{_prefix}.attn2.mean_all") ? new float[golden.Values($"{_prefix}.attn2.mean_all").Length] : null;
        float[] latent = [.. noise.Values.Select(v => v * scheduler.InitNoiseSigma)];
        var steps = new CpuSteps();
        for (var step = 0; step < scheduler.Timesteps.Count; step++)
        {
            var input = new float[size];
            var at = scheduler.StepAt(step);
            CpuSteps.ScaleInput(at, latent, input);
            var predicted = Call(
                conditioning,
                new(input, [.. noise.Shape]),
                scheduler.Timesteps[step],
                step,
                prompts.Length,
                means,
                scheduler.Timesteps.Count
            );
            var expected = guided.Row(step).ToArray();
            rows.Add(new($"{Title} prediction {step}", BundleConformance.Largest(expected, predicted), tolerances.Guided));
            var fresh = at.NeedsNoise ? golden.Tensor($"{_prefix}.step_noise").Row(step).ToArray() : [];
            steps.Make(at, expected, latent, fresh);
            rows.Add(new($"{Title} latents {step}", BundleConformance.Largest(latents.Row(step), latent), tolerances.Step));
            latent = latents.Row(step).ToArray();
        }

        if (means is not null) CompareMeans(prompts, means);
        if (golden.Has($"{_prefix}.image_u8")) CompareImage(latent, noise);
    }

    private string Title => $"run {run.Name}";

    private TextEmbedding Negative()
    {
        var encoded = bundle.Text.Encode(run.Negative is null ? "" : golden.TextOf(run.Negative));
        return run.Negative is null && bundle.ZeroesForNoNegative ? encoded.Zeroed() : encoded;
    }

    private float[] Call(UNetConditioning conditioning, FloatTensor latents, float timestep, int step, int count, float[]? means, int steps)
    {
        var batch = run.Guided ? 2 * count : count;
        var inputs = conditioning.Inputs;
        var tokens = (int)inputs[bundle.UNet.TextInput].Shape[1];
        inputs[bundle.UNet.LatentInput] = run.Guided
            ? new([.. latents.Values, .. latents.Values], [2 * latents.Shape[0], .. latents.Shape.Skip(1)])
            : latents;
        inputs["timestep"] = bundle.UNet.Timestep(timestep, batch);
        inputs[AttentionCapture.RowsInput] = new([.. Enumerable.Range(batch - count, count).Select(i => (float)i)], count);
        inputs[AttentionCapture.ColumnsInput] = Identity(count, tokens);
        var kept = unet.Capture.Self.Where((_, i) => golden.Has(MapName(1, step, i))).Select(s => s.Output);
        var outputs = unet.Session.Run(inputs, ["out_sample", .. unet.Capture.Cross.Select(c => c.Output), .. kept]);
        CompareMaps(outputs, step);
        if (means is not null) AddMeans(outputs, latents, means, steps);
        if (!run.Guided) return outputs[0].Values;
        var result = new float[latents.Values.Length];
        var row = result.Length / count;
        for (var i = 0; i < count; i++)
            Guidance.Apply(outputs[0].Row(i), outputs[0].Row(count + i), run.Guidance, 0, result.AsSpan(i * row, row));
        return result;
    }

    private void CompareMaps(IReadOnlyList<FloatTensor> outputs, int step)
    {
        for (var i = 0; i < unet.Capture.Cross.Count; i++)
            if (golden.Has(MapName(2, step, i)))
                rows.Add(
                    new(
                        $"{Title} cross-attention step {step} module {i:00}",
                        BundleConformance.Largest(golden.Values(MapName(2, step, i)), outputs[i + 1].Row(0)),
                        tolerances.Attention
                    )
                );
        var next = unet.Capture.Cross.Count + 1;
        for (var i = 0; i < unet.Capture.Self.Count; i++)
            if (golden.Has(MapName(1, step, i)))
                rows.Add(
                    new(
                        $"{Title} self-attention step {step} module {i:00}",
                        BundleConformance.Largest(golden.Values(MapName(1, step, i)), outputs[next++].Row(0)),
                        tolerances.Attention
                    )
                );
    }

    /// <summary>Adds every token's map of every module, enlarged to the latent's grid (bilinear), divided by their number: [images, tokens,
    /// h, w].</summary>
    private void AddMeans(IReadOnlyList<FloatTensor> outputs, FloatTensor latents, float[] means, int steps)
    {
        var (height, width) = ((int)latents.Shape[2], (int)latents.Shape[3]);
        var scale = 1f / (steps * unet.Capture.Cross.Count);
        for (var m = 0; m < unet.Capture.Cross.Count; m++)
        {
            var (output, (gridWidth, gridHeight)) = (outputs[m + 1], unet.Capture.Cross[m].Module.Grid(width, height));
            var tokens = (int)output.Shape[2];
            for (var image = 0; image < output.Shape[0]; image++)
                for (var token = 0; token < tokens; token++)
                {
                    var grid = new FloatMap(gridWidth, gridHeight);
                    var values = output.Row(image);
                    for (var cell = 0; cell < grid.Values.Length; cell++) grid.Values[cell] = values[(cell * tokens) + token];
                    var enlarged = Resampling.Resize(grid, width, height, ResamplingFilter.Bilinear).Values;
                    var target = means.AsSpan(((image * tokens) + token) * enlarged.Length, enlarged.Length);
                    for (var i = 0; i < enlarged.Length; i++) target[i] += enlarged[i] * scale;
                }
        }
    }

    private void CompareMeans(TextEmbedding[] prompts, float[] means)
    {
        rows.Add(
            new(
                $"{Title} mean attention of all tokens",
                BundleConformance.Largest(golden.Values($"{_prefix}.attn2.mean_all"), means),
                tolerances.Attention
            )
        );
        var tokens = (int)prompts[0].Context.Shape[0];
        var area = means.Length / prompts.Length / tokens;
        for (var i = 0; i < run.Classes.Count; i++)
        {
            var (image, text) = run.Classes[i];
            var positions = prompts[image].Tokens.PositionsOf(text);
            var map = new float[area];
            foreach (var position in positions)
                for (var cell = 0; cell < area; cell++) map[cell] += means[(((image * tokens) + position) * area) + cell] / positions.Count;
            rows.Add(
                new(
                    $"{Title} class map {text}",
                    BundleConformance.Largest(
                        golden.Values(string.Create(CultureInfo.InvariantCulture, $"{_prefix}.attn2.mean_class.{i}")),
                        map
                    ),
                    tolerances.Attention
                )
            );
        }
    }

    private void CompareImage(float[] latent, FloatTensor noise)
    {
        var expected = golden.Tensor($"{_prefix}.image_u8");
        var row = latent.Length / (int)noise.Shape[0];
        for (var i = 0; i < noise.Shape[0]; i++)
        {
            var image = bundle.Vae.Decode(latent.AsSpan(i * row, row), (int)noise.Shape[1], (int)noise.Shape[2], (int)noise.Shape[3]);
            rows.Add(
                new(
                    $"{Title} image {i}",
                    BundleConformance.Largest(expected.Row(i), Array.ConvertAll(image.Pixels, p => (float)p)),
                    tolerances.Image
                )
            );
        }
    }

    private string MapName(int kind, int step, int module) =>
        string.Create(CultureInfo.InvariantCulture, $"{_prefix}.attn{kind}.step{step}.{module:00}");

    private static FloatTensor Identity(int count, int tokens)
    {
        var columns = FloatTensor.Zeros(count, tokens, tokens);
        for (var i = 0; i < count; i++)
            for (var token = 0; token < tokens; token++) columns.Row(i)[(token * tokens) + token] = 1;
        return columns;
    }
}
