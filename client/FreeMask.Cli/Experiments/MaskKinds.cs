using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Imaging;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Vision.Masking;

namespace FreeMask.Cli.Experiments;

/// <summary>The masks that the experiment compares.</summary>
internal static class MaskKinds
{
    private static readonly MaskOptions Own = new();

    private static readonly MaskOptions None = Own with { Refinement = MaskRefinementMethod.None, ColorWeight = 0 };

    /// <summary>Their names: attention alone, a run's mask, the paper's.</summary>
    internal static IReadOnlyList<string> Names { get; } =
        ["attention alone", "FreeMask (default refinement)", "paper (mean of all, dense CRF)"];

    /// <summary>The masks of an image; no pixel is left undecided.</summary>
    /// <param name="scene">The image and its class.</param>
    /// <param name="own">The map of a run's attention.</param>
    /// <param name="paper">The mean of all layers and timesteps.</param>
    internal static IReadOnlyList<LabelMap> Of(HeldOutScene scene, FloatMap own, FloatMap paper) =>
        [
            HeldOutAttention.Mask(scene, own, None),
            HeldOutAttention.Mask(scene, own, Own),
            HeldOutAttention.Mask(scene, paper, None with { Refinement = MaskRefinementMethod.DenseCrf }),
        ];

    /// <summary>The masks of an image that was not generated here: it is noised again for each timestep.</summary>
    internal static IReadOnlyList<LabelMap> NoisedAgain(DiffusionPipeline pipeline, HeldOutScene scene, NoiseKey noise) => Of(
        scene,
        HeldOutAttention.Map(pipeline, scene, AttentionPreset.FreeMask, noise),
        FloatMaps.Mean([
            .. AggregationExperiment.Timesteps.Select(t =>
                HeldOutAttention.Map(pipeline, scene, AttentionPreset.Mean with { RenoiseTimestep = t }, noise)
            ),
        ])
    );
}
