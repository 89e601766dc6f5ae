using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Mini.Stages;
using FreeMask.Training.Mini.Text;
using FreeMask.Training.Torch;
using FreeMask.Vision.Masking;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Evaluation;

/// <summary>
/// What a training run looks at while it goes on: samples of all classes as an image, and how well raw cross-attention finds held-out
/// objects (masks are only measured against here, never trained on).
/// </summary>
internal sealed class DiffusionInspection(
    StageContext context, AutoEncoder autoEncoder, (float[] Mean, float[] Deviation) statistics, MiniVocabulary vocabulary)
{
    private const int ProbeTimestep = 100, ProbeScenes = 100, SampleSteps = 20, Columns = 10;
    private const double Guidance = 3;
    private static readonly string[] ProbedBlocks = ["up_blocks.1", "up_blocks.0"];

    private readonly Lazy<(Tensor Latents, Scene[] Scenes)> _probe = new(() => Probe(context, autoEncoder, statistics));

    /// <summary>Logs the attention's IoU and writes a 40-sample grid.</summary>
    internal void Run(DiffusionNetwork network, int step)
    {
        context.Log($"inspection: step {step} cross-attention IoU {AttentionIoU(network):F3}");
        File.WriteAllBytes(context.WorkFile($"samples-{step:D6}.png"), ImageCodec.EncodePng(ImageOverlay.Grid(Sample(network), Columns)));
    }

    /// <summary>Mean IoU of thresholded (Otsu) class-word attention of the upward blocks with the true masks of held-out scenes.</summary>
    internal double AttentionIoU(DiffusionNetwork network)
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        var (clean, scenes) = _probe.Value;
        var sum = 0.0;
        const int Chunk = 20;
        for (var first = 0; first < scenes.Length; first += Chunk)
        {
            using var inner = NewDisposeScope();
            var noise = new float[Chunk * LatentStore.Size];
            new CounterRandom(context.Options.Seed, first, 0, "inspection-noise").FillGaussian(noise);
            var part = clean.narrow(0, first, Chunk);
            var (noisy, _) = DiffusionProcess.AddNoise(part, tensor(noise, part.shape), [.. Enumerable.Repeat(ProbeTimestep, Chunk)]);
            var captions = scenes.Skip(first).Take(Chunk).Select(scene => Captions.Full(scene.Objects[0], scene.Kind)).ToArray();
            var record = new AttentionStore();
            network.UNet.Forward(
                noisy,
                full([Chunk], PinnedScalar.Of(ProbeTimestep), ScalarType.Int64),
                network.Text.Forward(Tokens(captions)),
                record
            );
            for (var i = 0; i < Chunk; i++) sum += IoU(record, i, scenes[first + i]);
        }

        return sum / scenes.Length;
    }

    private double IoU(AttentionStore record, int row, Scene scene)
    {
        var classWords = Captions.ClassWords(scene.Objects[0]).Split(' ').SelectMany(vocabulary.EncodeWord).ToHashSet();
        var ids = vocabulary.Encode(Captions.Full(scene.Objects[0], scene.Kind));
        var columns = Enumerable.Range(0, ids.Length).Where(i => classWords.Contains((int)ids[i])).Select(i => (long)i).ToArray();
        Tensor? total = null;
        foreach (var (block, probabilities) in record.Cross.Where(entry => ProbedBlocks.Any(entry.Block.Contains)))
        {
            var map = probabilities[row].mean([0]).index_select(1, tensor(columns)).sum(1);
            var side = (int)Math.Sqrt(map.numel());
            var scaled = nn.functional.interpolate(
                map.view(1, 1, side, side),
                [SceneRenderer.Side, SceneRenderer.Side],
                mode: InterpolationMode.Bicubic,
                align_corners: false
            );
            scaled = (scaled - scaled.min()) / (scaled.max() - scaled.min()).SafeAdd(PinnedScalar.Of(1e-8));
            total = total is null ? scaled : total.SafeAdd(scaled);
        }

        var values = (total! / total!.max()).flatten().data<float>().ToArray();
        var threshold = Otsu.Threshold(new FloatMap(SceneRenderer.Side, SceneRenderer.Side, values));
        int shared = 0, either = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var (found, wanted) = (values[i] > threshold, scene.Classes.Labels[i] != 0);
            if (found && wanted) shared++;
            if (found || wanted) either++;
        }

        return shared / (double)Math.Max(1, either);
    }

    /// <summary>Two samples a class in its usual surroundings by 20 DDIM steps (Song et al., 2021), classifier-free guidance 3.</summary>
    internal RgbImage[] Sample(DiffusionNetwork network)
    {
        using var _ = inference_mode();
        var images = new List<RgbImage>();
        for (var first = 1; first <= 20; first += Columns)
        {
            using var scope = NewDisposeScope();
            var classes = Enumerable.Range(first, Columns).SelectMany(id => (int[])[id, id]).ToArray();
            var captions = classes.Select(id => Captions.Full(id, SceneKinds.Usual(id))).ToArray();
            var noise = new float[classes.Length * LatentStore.Size];
            new CounterRandom(context.Options.Seed, first, 0, "inspection-sample").FillGaussian(noise);
            var x = Denoise(network, tensor(noise, [classes.Length, LatentStore.Channels, LatentStore.Side, LatentStore.Side]), captions);
            var raw = (x * tensor(statistics.Deviation).view(1, -1, 1, 1)).SafeAdd(tensor(statistics.Mean).view(1, -1, 1, 1));
            images.AddRange(ImageTensors.ToImages(autoEncoder.Decode(raw)));
        }

        return [.. images];
    }

    private Tensor Denoise(DiffusionNetwork network, Tensor x, string[] captions)
    {
        var text = network.Text.Forward(Tokens([.. captions, .. captions.Select(_ => "")]));
        for (var step = 0; step < SampleSteps; step++)
        {
            using var scope = NewDisposeScope();
            var t = (int)Math.Round(DiffusionProcess.Schedule.Count * (1 - (step / (double)SampleSteps))) - 1;
            var next = (int)Math.Round(DiffusionProcess.Schedule.Count * (1 - ((step + 1) / (double)SampleSteps))) - 1;
            var v = network.UNet.Forward(cat([x, x]), full([2 * x.shape[0]], PinnedScalar.Of(t), ScalarType.Int64), text).chunk(2);
            var guided = v[1].SafeAdd((v[0] - v[1]).SafeMultiply(Guidance));
            var (a, b) = (DiffusionProcess.Schedule[t], next < 0 ? 1 : DiffusionProcess.Schedule[next]);
            var clean = x.SafeMultiply(Math.Sqrt(a)) - guided.SafeMultiply(Math.Sqrt(1 - a));
            var noise = guided.SafeMultiply(Math.Sqrt(a)).SafeAdd(x.SafeMultiply(Math.Sqrt(1 - a)));
            x = clean.SafeMultiply(Math.Sqrt(b)).SafeAdd(noise.SafeMultiply(Math.Sqrt(1 - b))).MoveToOuterDisposeScope();
        }

        return x;
    }

    private Tensor Tokens(IReadOnlyCollection<string> captions) =>
        tensor(captions.SelectMany(vocabulary.Encode).ToArray(), [captions.Count, MiniVocabulary.Length]);

    private static (Tensor Latents, Scene[] Scenes) Probe(
        StageContext context, AutoEncoder network, (float[] Mean, float[] Deviation) statistics)
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        var scenes = new Scene[ProbeScenes];
        Parallel.For(0, scenes.Length, i => scenes[i] = context.HeldOut.Single(i, 1 + (i % 20)));
        var raw = cat([
            .. scenes.Chunk(20).Select(chunk => network.Encode(ImageTensors.FromImages([.. chunk.Select(scene => scene.Image)]))),
        ]);
        var normal = (raw - tensor(statistics.Mean).view(1, -1, 1, 1)) / tensor(statistics.Deviation).view(1, -1, 1, 1);
        return (normal.DetachFromDisposeScope(), scenes);
    }
}
