using System.Globalization;
using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.GrainInterfaces;
using FreeMask.Imaging;
using FreeMask.Pipeline;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Masking;

namespace FreeMask.Cli.Experiments;

/// <summary>What was measured on images that were generated again.</summary>
/// <param name="Items">The scores of each image with a mask, for <see cref="GeneratedMasks.Measure"/>'s masks; none where images
/// differ.</param>
/// <param name="NoisedAgain">The same where attention is that of the finished image, noised again, as on images that nothing
/// generated.</param>
/// <param name="WiderIoU">What masks one pixel wider than the true ones have: how much the hand of the person who drew them counts.</param>
/// <param name="WiderBoundary">The same, boundary IoU.</param>
/// <param name="Images">All images of the set.</param>
/// <param name="NoObject">Those without an object of their class.</param>
/// <param name="Unclear">Those whose object has no border that anyone could tell.</param>
/// <param name="Refused">Those with a mask that a run would refuse, and generate again.</param>
/// <param name="Different">Names of images that are not the stored ones when they are generated again, with their PSNR.</param>
internal sealed record GeneratedScores(
    IReadOnlyList<MaskScores> Items,
    IReadOnlyList<MaskScores> NoisedAgain,
    double WiderIoU,
    double WiderBoundary,
    int Images,
    int NoObject,
    int Unclear,
    int Refused,
    IReadOnlyList<string> Different
)
{
    /// <summary>Why there are no scores; null where there are.</summary>
    internal string? Refusal => Different.Count == 0
        ? null
        : $"{Different.Count} of {Images - NoObject - Unclear} images, such as {Different[0]}, are not the stored ones when they are "
            + "generated again: the bundle is another one than that which their masks were drawn for, or computes otherwise here.";
}

/// <summary>
/// Masks from attention that is observed while images are generated, as in a run, compared with masks that were drawn by hand.
/// </summary>
internal static class GeneratedMasks
{
    // Stored images are JPEG files of 44 dB or more; the most alike of the 60 that ship, which differ, have 20 dB.
    private const double LeastPsnr = 30;

    private const int Batch = 4;

    /// <summary>Generates the images of a set again, and measures attention alone, the mask of a run, and the paper's.</summary>
    /// <param name="model">The bundle.</param>
    /// <param name="folder">The set.</param>
    /// <param name="stop">Cancels between steps.</param>
    /// <exception cref="FreeMaskException">The bundle or the set cannot be read.</exception>
    internal static GeneratedScores Measure(string model, string folder, CancellationToken stop)
    {
        var images = GeneratedSet.Read(folder);
        using var bundle = DiffusionBundle.Load(model, new DiffusionOptions { BatchSize = Batch });
        var pipeline = new DiffusionPipeline(bundle);
        var (items, noised, wider) = (new List<MaskScores>(), new List<MaskScores>(), new List<MaskScores>());
        var (different, refused) = (new List<string>(), 0);
        foreach (var batch in images.Where(image => image.Verdict == MaskVerdict.Object).Chunk(Batch))
        {
            List<HeldOutScene> scenes = [.. batch.Select(image => GeneratedSet.Load(folder, image))];
            var observed = Generate(pipeline, batch, AttentionPreset.FreeMask, stop);
            different.AddRange(
                scenes
                    .Zip(observed, (scene, result) => (scene.Sample.Id, Psnr: Psnr(scene.Sample.Image, result.Image)))
                    .Where(image => image.Psnr < LeastPsnr)
                    .Select(image => string.Create(CultureInfo.InvariantCulture, $"{image.Id} ({image.Psnr:0.0} dB)"))
            );
            if (different.Count > 0) continue;
            var averaged = Generate(pipeline, batch, AttentionPreset.Mean, stop);
            for (var i = 0; i < scenes.Count; i++)
            {
                var (own, paper) = (Map(observed[i], AttentionPreset.FreeMask), Map(averaged[i], AttentionPreset.Mean));
                // Masks are made of the image as it was generated, not of the stored one.
                var scene = scenes[i] with { Sample = scenes[i].Sample with { Image = observed[i].Image } };
                var noise = new NoiseKey(batch[i].Plan.Seed, batch[i].Plan.Stream, batch[i].Attempt);
                items.Add(MaskScores.Of(scene, MaskKinds.Of(scene, own, paper)));
                noised.Add(MaskScores.Of(scene, MaskKinds.NoisedAgain(pipeline, scene, noise)));
                wider.Add(MaskScores.Of(scene, [Wider(scene)]));
                if (MaskStage.Run(scene.Sample.Image, own, (byte)scene.ClassId, MaskStageHandler.Options(new())).Rejection is not null)
                    refused++;
            }
        }

        var (noObject, unclear) = (
            images.Count(image => image.Verdict == MaskVerdict.NoObject),
            images.Count(image => image.Verdict == MaskVerdict.Unclear)
        );
        return different.Count > 0 || items.Count == 0
            ? new([], [], double.NaN, double.NaN, images.Count, noObject, unclear, 0, different)
            : new(
                items,
                noised,
                wider.Average(image => image.IoU[0]),
                wider.Average(image => image.Boundary[0]),
                images.Count,
                noObject,
                unclear,
                refused,
                different
            );
    }

    /// <summary>Generates images as a run does.</summary>
    private static IReadOnlyList<GenerationResult> Generate(
        DiffusionPipeline pipeline,
        IReadOnlyList<GeneratedImage> images,
        AttentionPreset preset,
        CancellationToken stop
    ) => pipeline.Generate(
        [
            .. images.Select(image => GenerateStageHandler.Request(
                new RunSpec { Name = image.Name, Classes = [image.Plan.Class], Generation = image.Generation },
                image.Plan,
                image.Attempt,
                pipeline.Bundle.Sampler(image.Generation.Scheduler)
            )),
        ],
        CaptureOptions.For(preset),
        stop
    );

    private static FloatMap Map(GenerationResult result, AttentionPreset preset) =>
        AttentionAggregator.Aggregate(result.Attention, preset)[0];

    /// <summary>The true mask, one pixel wider all around.</summary>
    private static LabelMap Wider(HeldOutScene scene)
    {
        var truth = scene.Sample.Labels;
        byte[] mask = [.. truth.Labels.Select(label => label == scene.ClassId ? (byte)1 : (byte)0)];
        var grown = Regions.Dilate(mask, truth.Width, 1);
        return new(truth.Width, truth.Height, Array.ConvertAll(grown, v => v != 0 ? (byte)scene.ClassId : LabelMap.Background));
    }

    /// <summary>Images of different sizes are as different as can be.</summary>
    private static double Psnr(RgbImage a, RgbImage b) =>
        (a.Width, a.Height) == (b.Width, b.Height) ? ImageSimilarity.Psnr(a, b) : 0;
}
