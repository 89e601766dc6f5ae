using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Onnx;
using FreeMask.Onnx.Proto;

namespace FreeMask.Diffusion.Inspection;

/// <summary>One model file: what it takes and gives.</summary>
/// <param name="Part">The folder's name, such as <c>unet</c>.</param>
/// <param name="Producer">The exporter.</param>
/// <param name="Opset">Version of the default operator set.</param>
/// <param name="Inputs">Inputs as <c>name type[dimensions]</c>.</param>
/// <param name="Outputs">Outputs likewise; exporters label their dimensions carelessly.</param>
/// <param name="ExternalFiles">Files beside it that hold weights.</param>
public sealed record InspectedFile(
    string Part,
    string Producer,
    long Opset,
    IReadOnlyList<string> Inputs,
    IReadOnlyList<string> Outputs,
    IReadOnlyList<string> ExternalFiles
);

/// <summary>One attention module of the U-Net.</summary>
/// <param name="Kind"><c>cross</c> or <c>self</c>.</param>
/// <param name="Name">Its path or its node's name.</param>
/// <param name="Heads">Number of heads where the graph states it.</param>
/// <param name="Form">The operator form.</param>
/// <param name="Width">Grid width at the inspected size.</param>
/// <param name="Height">Grid height at the inspected size.</param>
/// <param name="Captured">Whether generation records it.</param>
/// <param name="Obstacle">Why it cannot be captured, otherwise null.</param>
public sealed record InspectedModule(
    string Kind,
    string Name,
    int? Heads,
    string Form,
    int Width,
    int Height,
    bool Captured,
    string? Obstacle
);

/// <summary>What a model folder is, read from its files without running them.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Layout">The export tool's layout: legacy, optimum, olive or dynamo.</param>
/// <param name="Family">The model family.</param>
/// <param name="Precision">Element type of the latent input.</param>
/// <param name="SchedulerClass">The scheduler class that the folder names.</param>
/// <param name="Scheduler">Its settings; null where FreeMask does not have it, so that a run must choose another.</param>
/// <param name="PixelSize">The size in pixels for which grids are given.</param>
/// <param name="Files">Its model files.</param>
/// <param name="Modules">The U-Net's attention modules in execution order.</param>
/// <param name="Histogram">Operators of the U-Net, most frequent first.</param>
/// <param name="Problem">Why attention cannot be found, otherwise null.</param>
public sealed record BundleInspection(
    string Folder,
    string Layout,
    string Family,
    string Precision,
    string SchedulerClass,
    SchedulerConfig? Scheduler,
    int PixelSize,
    IReadOnlyList<InspectedFile> Files,
    IReadOnlyList<InspectedModule> Modules,
    IReadOnlyList<KeyValuePair<string, int>> Histogram,
    string? Problem
)
{
    private const int CellPixels = 8, SelfSide = 32;
    private static readonly string[] ElementTypes =
    [
        "?",
        "float",
        "uint8",
        "int8",
        "uint16",
        "int16",
        "int32",
        "int64",
        "string",
        "bool",
        "float16",
        "double",
        "uint32",
        "uint64",
        "complex64",
        "complex128",
        "bfloat16",
    ];

    /// <summary>Inspects a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="pixelSize">Grids are given for images of this side.</param>
    /// <exception cref="FreeMaskException">A required file is missing or malformed, or no image has that side.</exception>
    public static BundleInspection Inspect(string folder, int pixelSize = 512)
    {
        if (pixelSize < CellPixels) throw new FreeMaskException($"No image has a side of {pixelSize} pixels; give at least {CellPixels}.");
        if (!Directory.Exists(folder)) throw new FreeMaskException($"The model folder {folder} does not exist.");
        var graphs = DiffusionFolder
            .Parts.Select(p => (Part: p, Path: DiffusionFolder.Graph(folder, p)))
            .Where(p => p.Part == DiffusionFolder.UNet || File.Exists(p.Path))
            .ToDictionary(p => p.Part, p => OnnxGraphReader.Read(p.Path), StringComparer.Ordinal);
        var unet = graphs[DiffusionFolder.UNet];
        var scheduler = SchedulerFile.Load(DiffusionFolder.SchedulerConfig(folder));
        IReadOnlyList<AttentionModule> modules = [];
        string? problem = null;
        try
        {
            modules = AttentionFinder.Find(unet);
        }
        catch (FreeMaskException e)
        {
            problem = e.Message;
        }

        var latent = Input(unet, UNetPorts.Of(unet).Latent)!;
        var cells = pixelSize / CellPixels;
        var captured = modules.Where(m => m.Kind == AttentionKind.Self && m.Obstacle is null).Select(m => m.Factor).Distinct().Order()
            .Where(f => (cells + f - 1) / f <= SelfSide).Take(2).ToHashSet();
        return new(
            folder,
            LayoutOf(graphs),
            FamilyOf(unet, scheduler),
            TypeName(latent),
            scheduler.ClassName,
            scheduler.TryOwn(out _),
            pixelSize,
            [.. graphs.Select(g => DescribeFile(g.Key, g.Value))],
            [.. modules.Select(m => Module(m, cells, captured))],
            unet.OperatorHistogram(),
            problem
        );
    }

    private static InspectedModule Module(AttentionModule module, int cells, HashSet<int> selfFactors)
    {
        var (width, height) = module.Grid(cells, cells);
        var captured = module.Obstacle is null && (module.Kind == AttentionKind.Cross || selfFactors.Contains(module.Factor));
        var domain = module.Node.Domain.Length == 0 ? "" : module.Node.Domain + ".";
        return new(
            module.Kind == AttentionKind.Cross ? "cross" : "self",
            module.Name,
            module.Heads,
            domain + module.Node.OpType,
            width,
            height,
            captured,
            module.Obstacle
        );
    }

    private static InspectedFile DescribeFile(string part, OnnxGraph graph) =>
        new(
            part,
            graph.Producer,
            graph.Opsets.GetValueOrDefault("", 0),
            [.. graph.Inputs.Select(Describe)],
            [.. graph.Outputs.Select(Describe)],
            graph.ExternalFiles
        );

    /// <summary>The legacy script takes 32-bit token ids, fused graphs have contrib operators, dynamo names scopes in metadata; what
    /// remains is optimum's.</summary>
    private static string LayoutOf(Dictionary<string, OnnxGraph> graphs)
    {
        var unet = graphs[DiffusionFolder.UNet];
        if (unet.Nodes.Any(n => n.Domain == "com.microsoft")) return "olive";
        if (unet.Nodes.Any(n => n.MetadataProps.Any(p => p.Key.StartsWith("pkg.torch.onnx", StringComparison.Ordinal)))) return "dynamo";
        return graphs.TryGetValue(DiffusionFolder.TextEncoder, out var text) && TypeName(text.Inputs[0]) == "int32" ? "legacy" : "optimum";
    }

    private static string FamilyOf(OnnxGraph unet, SchedulerFile scheduler)
    {
        if (Input(unet, "text_embeds") is not null) return "Stable Diffusion XL";
        if (Input(unet, "timestep_cond") is not null) return "latent consistency model";
        if (scheduler.IsDistilled) return "Stable Diffusion Turbo";
        var width = Input(unet, UNetPorts.Of(unet).Text)?.Type?.TensorType?.Shape?.Dim is { Count: 3 } dimensions
            ? dimensions[2].DimValue
            : 0;
        return width == 1024 || scheduler.Noise.Prediction == PredictionType.Velocity
            ? "Stable Diffusion 2 (or another model that predicts velocity)"
            : "Stable Diffusion 1";
    }

    private static ValueInfoProto? Input(OnnxGraph graph, string name) => graph.Inputs.FirstOrDefault(i => i.Name == name);

    private static string Describe(ValueInfoProto port)
    {
        var dimensions =
            port.Type?.TensorType?.Shape?.Dim.Select(d =>
                d.HasDimValue ? d.DimValue.ToString(System.Globalization.CultureInfo.InvariantCulture)
                : d.DimParam.Length > 0 ? d.DimParam
                : "?"
            )
            ?? [];
        return $"{port.Name} {TypeName(port)}[{string.Join(", ", dimensions)}]";
    }

    private static string TypeName(ValueInfoProto port) =>
        port.Type?.TensorType?.ElemType is { } type && type < ElementTypes.Length ? ElementTypes[type] : "?";
}
