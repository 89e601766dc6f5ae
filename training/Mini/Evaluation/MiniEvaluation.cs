using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Randomness;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Mini.Stages;
using FreeMask.Training.Mini.Text;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Masking;

namespace FreeMask.Training.Mini.Evaluation;

/// <summary>What <c>eval mini</c> measures.</summary>
/// <param name="MaskIoUCoarse">Mean over held-out images of the IoU of the attention mask before refinement with the true mask.</param>
/// <param name="MaskIoUClean">The same after refinement.</param>
/// <param name="ClassAccuracy">Share of generated samples whose prompted class the backbone classifier recognizes, over all 20
/// classes.</param>
/// <param name="DecoderPsnr">Mean PSNR in dB of held-out images after encoder and decoder, both sides 8-bit.</param>
/// <param name="Classes">The first three by class.</param>
/// <param name="Images">Held-out images measured.</param>
/// <param name="Samples">Samples generated.</param>
internal sealed record MiniEvaluationResult(
    double MaskIoUCoarse,
    double MaskIoUClean,
    double ClassAccuracy,
    double DecoderPsnr,
    IReadOnlyList<MiniClassResult> Classes,
    int Images,
    int Samples
);

/// <summary>One class's part of a <see cref="MiniEvaluationResult"/>.</summary>
/// <param name="Name">VOC name.</param>
/// <param name="MaskIoUCoarse">Before refinement; NaN where no held-out image of the class was measured.</param>
/// <param name="MaskIoUClean">After refinement; NaN likewise.</param>
/// <param name="Accuracy">Share of its samples that were recognized.</param>
internal sealed record MiniClassResult(string Name, double MaskIoUCoarse, double MaskIoUClean, double Accuracy);

/// <summary>What to measure.</summary>
internal sealed record MiniEvaluationOptions
{
    /// <summary>The bundle: Stable Diffusion's layout plus <c>backbone</c> and <c>heldout</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Names the noise.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Held-out images of single objects; 0 takes all.</summary>
    public int Images { get; init; }

    /// <summary>Samples generated for each class.</summary>
    public int SamplesPerClass { get; init; } = 5;

    /// <summary>How attention becomes a coarse map.</summary>
    public AttentionPreset Preset { get; init; } = AttentionPreset.FreeMask;

    /// <summary>How the coarse map is cleaned up.</summary>
    public MaskOptions Masks { get; init; } = new();

    /// <summary>Sampling steps.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>Guidance scale.</summary>
    public float Guidance { get; init; } = 3;
}

/// <summary>
/// Measures the mini bundle through the product's own runtime: attention of held-out images that are noised again, the mask stage, samples
/// scored by the backbone classifier, and the autoencoder.
/// </summary>
internal static class MiniEvaluation
{
    private const int Batch = 10;

    /// <summary>Runs all measurements.</summary>
    /// <exception cref="FreeMaskException">A part of the bundle is missing.</exception>
    public static MiniEvaluationResult Run(MiniEvaluationOptions options, Action<string> log, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(log);
        var heldOut = HeldOutAttention.Scenes(options.Model, options.Images);
        var (coarse, clean, psnr) = (new double[heldOut.Count], new double[heldOut.Count], 0.0);
        using (var bundle = DiffusionBundle.Load(options.Model))
        {
            var pipeline = new DiffusionPipeline(bundle);
            for (var i = 0; i < heldOut.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                (coarse[i], clean[i]) = MaskIoU(pipeline, heldOut[i], i, options);
                psnr += ImageSimilarity.Psnr(heldOut[i].Sample.Image, bundle.Reconstruct(heldOut[i].Sample.Image));
            }
        }

        log(
            $"masks: {heldOut.Count} held-out images, IoU {coarse.Average():F3} coarse, {clean.Average():F3} clean; PSNR "
                + $"{psnr / heldOut.Count:F2} dB"
        );
        var accuracy = Accuracies(options, cancellation);
        log($"samples: {20 * options.SamplesPerClass}, {accuracy.Average():F3} recognized");
        var classes = Enumerable.Range(1, 20).Select(id => new MiniClassResult(
            VocClasses.Names[id], Of(coarse, id), Of(clean, id), accuracy[id - 1])).ToArray();
        return new MiniEvaluationResult(
            coarse.Average(),
            clean.Average(),
            accuracy.Average(),
            psnr / heldOut.Count,
            classes,
            heldOut.Count,
            20 * options.SamplesPerClass
        );

        double Of(double[] values, int id) => values.Where((_, i) => heldOut[i].ClassId == id).DefaultIfEmpty(double.NaN).Average();
    }

    private static (double Coarse, double Clean) MaskIoU(
        DiffusionPipeline pipeline,
        HeldOutScene scene,
        int index,
        MiniEvaluationOptions options
    )
    {
        var map = HeldOutAttention.Map(pipeline, scene, options.Preset, new NoiseKey(options.Seed, index, 0));
        return (
            HeldOutAttention.IoU(scene, map, options.Masks with { Refinement = MaskRefinementMethod.None, ColorWeight = 0 }),
            HeldOutAttention.IoU(scene, map, options.Masks)
        );
    }

    private static double[] Accuracies(MiniEvaluationOptions options, CancellationToken cancellation)
    {
        using var bundle = DiffusionBundle.Load(options.Model, new DiffusionOptions { BatchSize = Batch });
        using var classifier = ResNetClassifier.Load(Path.Combine(options.Model, MiniDiffusionTrainer.BackboneFolder));
        classifier.eval();
        var classIds = Enumerable.Range(1, 20).SelectMany(id => Enumerable.Repeat(id, options.SamplesPerClass)).ToArray();
        var requests = classIds.Select((id, i) => new GenerationRequest
        {
            Prompt = Captions.Full(id, SceneKinds.Draw(id, new CounterRandom(options.Seed, i, 0, "evaluation-scene"))),
            Noise = new NoiseKey(options.Seed, i, 0),
            Steps = options.Steps,
            Guidance = options.Guidance,
        }).ToArray();
        var images = new DiffusionPipeline(bundle)
            .Generate(requests, new CaptureOptions { SelfAttention = false }, cancellation)
            .Select(result => result.Image);
        var right = new double[20];
        foreach (
            var (predicted, wanted) in images.Chunk(Batch).SelectMany(chunk => ClassifierInput.Predict(classifier, chunk)).Zip(classIds)
        )
            if (predicted == wanted)
                right[wanted - 1] += 1.0 / options.SamplesPerClass;
        return right;
    }
}
