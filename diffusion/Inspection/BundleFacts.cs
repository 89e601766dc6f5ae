using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Onnx;
using FreeMask.Onnx.Proto;

namespace FreeMask.Diffusion.Inspection;

/// <summary>What a run must know of a model folder before it starts: read from the files' heads in a moment, without loading the
/// model.</summary>
/// <param name="SideMultiple">Image sides must be multiples of this.</param>
/// <param name="FixedWidth">The only width that the export draws; null where it is free.</param>
/// <param name="FixedHeight">The only height that the export draws; null where it is free.</param>
/// <param name="Steps">Steps that the model was made for; null where it has no preference.</param>
/// <param name="Guidance">Guidance that the model was made for; 1 is none; null where it has no preference.</param>
/// <param name="SchedulerProblem">Why a run must choose a sampler; null where the folder's own will do.</param>
public sealed record BundleFacts(
    int SideMultiple,
    int? FixedWidth,
    int? FixedHeight,
    int? Steps,
    double? Guidance,
    string? SchedulerProblem
)
{
    // Distilled models: a few steps, guidance within the model or none.
    private const int FewSteps = 4;
    private const double NoGuidance = 1, EmbeddedGuidance = 8;

    /// <summary>Whether a folder is a model folder: it holds a U-Net, or says by <c>model_index.json</c> that it is one.</summary>
    public static bool IsBundle(string folder) => DiffusionFolder.IsHere(folder);

    /// <summary>Reads a folder.</summary>
    /// <exception cref="FreeMaskException">A file is missing or malformed; the message names it.</exception>
    public static BundleFacts Read(string folder)
    {
        var unet = OnnxGraphReader.Read(DiffusionFolder.Graph(folder, DiffusionFolder.UNet));
        var decoder = OnnxGraphReader.Read(DiffusionFolder.Graph(folder, DiffusionFolder.VaeDecoder));
        var scheduler = SchedulerFile.Load(DiffusionFolder.SchedulerConfig(folder));
        var ports = UNetPorts.Of(unet);
        var cell = LatentCodec.PixelsPerCellOf(decoder);
        var own = scheduler.TryOwn(out var problem);
        var embeds = unet.Inputs.Any(input => input.Name == "timestep_cond");
        var few = embeds || scheduler.IsDistilled || own?.Kind == SchedulerKind.Lcm;
        return new(
            cell * (int)Math.Round(new SpatialFactors(unet, ports.Latent).Largest),
            Side(unet, ports.Latent, 3) * cell,
            Side(unet, ports.Latent, 2) * cell,
            few ? FewSteps : null,
            !few ? null : embeds ? EmbeddedGuidance : NoGuidance,
            problem);
    }

    private static int? Side(OnnxGraph graph, string input, int index) =>
        graph.Inputs.First(i => i.Name == input).Type?.TensorType?.Shape is TensorShapeProto { Dim: var dims }
        && dims.Count > index
        && dims[index].DimValue > 0
            ? (int)dims[index].DimValue
            : null;
}
