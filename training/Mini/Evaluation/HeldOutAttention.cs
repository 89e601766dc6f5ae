using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Imaging;
using FreeMask.Training.Mini.Stages;
using FreeMask.Training.Mini.Text;
using FreeMask.Vision;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Masking;

namespace FreeMask.Training.Mini.Evaluation;

/// <summary>A held-out image of one object, with what is true of it.</summary>
/// <param name="Sample">The image and its true mask.</param>
/// <param name="ClassId">The object's class, 1-20.</param>
/// <param name="Caption">What the renderer says of it.</param>
internal sealed record HeldOutScene(LabeledImage Sample, int ClassId, string Caption);

/// <summary>Attention of held-out images that are noised again, and how well masks from it agree with the true ones.</summary>
internal static class HeldOutAttention
{
    private const int DefaultTimestep = 100;

    /// <summary>The single-object images of a bundle.</summary>
    /// <param name="model">The bundle.</param>
    /// <param name="count">How many; 0 takes all.</param>
    /// <exception cref="FreeMaskException">The bundle has no held-out set.</exception>
    internal static IReadOnlyList<HeldOutScene> Scenes(string model, int count) =>
        ScenesOf(Path.Combine(model, MiniDiffusionTrainer.HeldOutFolder), count);

    /// <summary>The single-object images of a set as <see cref="HeldOutSet"/> writes it.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="count">How many; 0 takes all.</param>
    /// <exception cref="FreeMaskException">There is no such set.</exception>
    internal static IReadOnlyList<HeldOutScene> ScenesOf(string folder, int count)
    {
        var captions = HeldOutSet.ReadCaptions(folder);
        var dataset = VocFolder.OpenAsVoc(folder, HeldOutSet.SingleSplit);
        return [.. dataset.Entries.Take(count > 0 ? count : dataset.Entries.Count).Select(entry =>
        {
            var (objects, caption) = captions[entry.Id];
            return new HeldOutScene(dataset.Load(entry), VocClasses.IndexOf(objects), caption);
        })];
    }

    /// <summary>The coarse map of the object's words.</summary>
    internal static FloatMap Map(DiffusionPipeline pipeline, HeldOutScene scene, AttentionPreset preset, NoiseKey noise) =>
        AttentionAggregator.Aggregate(Capture(pipeline, scene, preset, noise), preset)[0];

    /// <summary>All attention of one U-Net call on the image.</summary>
    internal static AttentionRecord Capture(DiffusionPipeline pipeline, HeldOutScene scene, AttentionPreset preset, NoiseKey noise) =>
        pipeline.CaptureFromImage(
            scene.Sample.Image,
            scene.Caption,
            [Captions.ClassWords(scene.ClassId)],
            preset.RenoiseTimestep ?? DefaultTimestep,
            noise
        );

    /// <summary>Mean of one number a scene, by the scenes' class, in the classes' order.</summary>
    internal static IReadOnlyDictionary<string, double> ByClass(IReadOnlyList<HeldOutScene> scenes, IReadOnlyList<double> scores) =>
        scenes.Zip(scores, (scene, score) => (scene.ClassId, Score: score)).GroupBy(s => s.ClassId).OrderBy(g => g.Key)
            .ToDictionary(g => VocClasses.Names[g.Key], g => g.Average(s => s.Score));

    /// <summary>IoU of the mask that a map gives with the true mask; no pixel is left undecided.</summary>
    internal static double IoU(HeldOutScene scene, FloatMap map, MaskOptions options) => IoU(scene, Mask(scene, map, options));

    /// <summary>The mask that a map gives; no pixel is left undecided.</summary>
    internal static LabelMap Mask(HeldOutScene scene, FloatMap map, MaskOptions options) =>
        MaskStage.Run(scene.Sample.Image, map, (byte)scene.ClassId, options with { IgnoreBandRadius = 0 }).Labels;

    /// <summary>IoU of a mask with the true one; pixels whose truth is 255 do not count.</summary>
    internal static double IoU(HeldOutScene scene, LabelMap mask)
    {
        var found = mask.Labels;
        int shared = 0, either = 0;
        for (var i = 0; i < found.Length; i++)
        {
            var truth = scene.Sample.Labels.Labels[i];
            if (truth == LabelMap.Ignore) continue;
            var (a, b) = (found[i] == scene.ClassId, truth == scene.ClassId);
            if (a && b) shared++;
            if (a || b) either++;
        }

        return either == 0 ? 0 : shared / (double)either;
    }
}
