using System.Globalization;
using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Inspection;
using FreeMask.Diffusion.Models;
using FreeMask.GrainInterfaces;
using FreeMask.Onnx;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the attention of the U-Net can be captured, at a resolution from which masks can be made.</summary>
internal sealed class AttentionCheck : IRunCheck
{
    // A map of fewer cells shows no shape.
    private const int SmallestSide = 4;

    public string Key => "mask.preset";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (spec.Source.IsFolder || machine.FolderOf(spec.Model) is not { } folder) yield break;
        var path = DiffusionFolder.Graph(folder, DiffusionFolder.UNet);
        // ModelCheck reports it.
        if (!File.Exists(path)) yield break;
        var graph = OnnxGraphReader.Read(path);
        var modules = AttentionFinder.Find(graph).Where(module => module.Kind == AttentionKind.Cross).ToArray();
        if (modules.FirstOrDefault(module => module.Obstacle is not null) is { } module)
            yield return new(
                "model",
                $"the attention of {path} cannot be captured at {module.Name} ({module.Obstacle}), and masks are made from it; export the "
                    + "model without this fusion"
            );
        if (!File.Exists(DiffusionFolder.Graph(folder, DiffusionFolder.VaeDecoder))) yield break;
        var facts = BundleFacts.Read(folder);
        var native = machine.Bundles.DefaultImageSide(spec.Model);
        var (width, height) = (
            spec.Generation.Width ?? facts.FixedWidth ?? native,
            spec.Generation.Height ?? facts.FixedHeight ?? native
        );
        var cell = LatentCodec.PixelsPerCellOf(OnnxGraphReader.Read(DiffusionFolder.Graph(folder, DiffusionFolder.VaeDecoder)));
        var largest = modules.Max(module => module.Grid(width / cell, height / cell) is var grid ? Math.Min(grid.Width, grid.Height) : 0);
        if (largest < SmallestSide)
            yield return new(
                Key,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"at {width} x {height} pixels the largest attention of this bundle has {largest} cells a side, too few for a mask; "
                        + $"use {Math.Min(width, height) * SmallestSide / Math.Max(1, largest)} pixels or more in generation.width and "
                        + $"generation.height"
                )
            );
    }
}
