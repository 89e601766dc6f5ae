using FreeMask.Imaging;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Experiments;

/// <summary>How masks of an image agree with the true one.</summary>
/// <param name="Class">The class of its object.</param>
/// <param name="IoU">IoU of each mask.</param>
/// <param name="Boundary">Boundary IoU of each mask.</param>
internal sealed record MaskScores(string Class, double[] IoU, double[] Boundary)
{
    /// <summary>Compares masks with the true one; pixels whose truth is 255 do not count.</summary>
    internal static MaskScores Of(HeldOutScene scene, IReadOnlyList<LabelMap> masks) => new(
        VocClasses.Names[scene.ClassId],
        [.. masks.Select(mask => HeldOutAttention.IoU(scene, mask))],
        [.. masks.Select(mask => BoundaryScores.Iou(scene.Sample.Labels, mask, VocClasses.Names.Count)[scene.ClassId].Iou)]
    );
}
