using System.Text;
using System.Text.RegularExpressions;
using FreeMask.Onnx;
using FreeMask.Onnx.Proto;

namespace FreeMask.Diffusion.Attention;

/// <summary>
/// Finds the attention modules of a U-Net by structure, never by name: a module is cross-attention if the data of its keys come from the
/// text and not from the latent, and self-attention if they come from the latent. (After the first cross-attention every hidden state
/// descends from the text, so "descends from the text" alone would not do.)
/// </summary>
internal static partial class AttentionFinder
{
    private static readonly HashSet<string> BetweenScoresAndSoftmax = ["Mul", "Div", "Cast", "Identity", "Reshape", "Where", "Add", "Sub"];
    private static readonly HashSet<string> Products = ["MatMul", "Gemm", "FusedMatMul", "Einsum"];

    /// <summary>All modules, in execution order.</summary>
    /// <exception cref="FreeMaskException">
    /// The graph has no cross-attention that could be found, or a different number of self- and cross-attention modules; the message lists
    /// its operators.
    /// </exception>
    public static IReadOnlyList<AttentionModule> Find(OnnxGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var ports = UNetPorts.Of(graph);
        var context = new Context(graph, ports, new TensorProvenance(graph), new SpatialFactors(graph, ports.Latent));
        AttentionModule[] modules = [.. graph.Nodes.Select(n => Examine(context, n)).OfType<AttentionModule>()];
        foreach (var kind in modules.GroupBy(m => m.Kind))
        {
            var index = 0;
            foreach (var module in kind) module.Index = index++;
        }

        if (!modules.Any(m => m.Kind == AttentionKind.Cross)) throw NothingFound(graph, modules.Length);
        MarkMiddle(modules);
        return modules;
    }

    private static AttentionModule? Examine(Context context, NodeProto node) => (node.OpType, node.Domain) switch
    {
        ("Softmax", "" or "ai.onnx") when IsOverLastAxis(context.Graph, node) => FromSoftmax(context, node),
        ("Attention", "" or "ai.onnx") => Make(
                context,
                node,
                AttentionForm.Attention,
                node.Input[0],
                node.Input[1],
                "q_num_heads",
                ObstacleOfAttention(node)
            ),
        ("MultiHeadAttention", "com.microsoft") => FromMultiHead(context, node),
        ("Attention", "com.microsoft") =>
            Make(context, node, AttentionForm.PackedAttention, node.Input[0], node.Input[0], "num_heads", ObstacleOfPacked(node)),
        _ => null,
    };

    /// <summary>Packed keys and values are input 1, packed queries, keys and values are the only input.</summary>
    private static AttentionModule? FromMultiHead(Context context, NodeProto node) =>
        Make(
            context,
            node,
            AttentionForm.MultiHeadAttention,
            node.Input[0],
            InputOrEmpty(node, 1) is { Length: > 0 } key ? key : node.Input[0],
            "num_heads",
            ObstacleOfMultiHead(node)
        );

    private static AttentionModule? FromSoftmax(Context context, NodeProto node)
    {
        var product = FindProduct(context, node.Input[0], 12);
        return product is null ? null : Make(context, node, AttentionForm.Softmax, product.Input[0], product.Input[1], null, null);
    }

    /// <summary>Walks back from the softmax through scaling and masks to the product of queries and keys.</summary>
    private static NodeProto? FindProduct(Context context, string tensor, int depth)
    {
        if (depth == 0 || context.Graph.ProducerOf(tensor) is not { } node) return null;
        if (Products.Contains(node.OpType) && node.Input.Count > 1)
            return context.Roots.DependsOn(node.Input[0], context.Ports.Latent) ? node : null;
        if (!BetweenScoresAndSoftmax.Contains(node.OpType)) return null;
        return TensorProvenance
            .DataInputs(node)
            .Where(context.Roots.DependsOnInput)
            .Select(i => FindProduct(context, i, depth - 1))
            .FirstOrDefault(p => p is not null);
    }

    private static AttentionModule? Make(
        Context context,
        NodeProto node,
        AttentionForm form,
        string query,
        string key,
        string? headsAttribute,
        string? obstacle
    )
    {
        if (!context.Roots.DependsOn(query, context.Ports.Latent) || context.Factors.Of(query) is not { } factor) return null;
        AttentionKind kind;
        if (context.Roots.DependsOn(key, context.Ports.Latent)) kind = AttentionKind.Self;
        else if (context.Roots.DependsOn(key, context.Ports.Text)) kind = AttentionKind.Cross;
        else return null;
        var heads = headsAttribute is null ? null : node.Attribute.FirstOrDefault(a => a.Name == headsAttribute)?.I;
        var name = LabelOf(node);
        return new(kind, form, node, query)
        {
            Name = name,
            Factor = (int)Math.Round(factor),
            Part = PartOf(name) ?? (context.Factors.IsJoined(query) ? UNetPart.Up : UNetPart.Down),
            Heads = heads is > 0 ? (int)heads.Value : AttentionHeadCount.Of(context.Graph, query),
            SplitsInto = heads is > 0 ? (int)heads.Value : null,
            Obstacle = obstacle,
        };
    }

    /// <summary>Without names, the bottom is where the grid is smallest, as long as it has modules of its own (it shares its grid in
    /// XL).</summary>
    private static void MarkMiddle(AttentionModule[] modules)
    {
        if (modules.Any(m => PartOf(m.Name) is not null)) return;
        var largest = modules.Max(m => m.Factor);
        if (modules.Any(m => m.Factor == largest && m.Part == UNetPart.Up)) return;
        foreach (var module in modules.Where(m => m.Factor == largest)) module.Part = UNetPart.Middle;
    }

    private static bool IsOverLastAxis(OnnxGraph graph, NodeProto node)
    {
        var axis = node.Attribute.FirstOrDefault(a => a.Name == "axis")?.I ?? (graph.Opsets.GetValueOrDefault("", 13) >= 13 ? -1 : 1);
        return axis is -1 or 2 or 3;
    }

    private static string? ObstacleOfAttention(NodeProto node)
    {
        if (node.Attribute.Any(a => a.Name == "is_causal" && a.I != 0)) return "it is causal";
        if (node.Attribute.Any(a => a.Name == "softcap" && a.F != 0)) return "it caps its scores";
        return InputOrEmpty(node, 3).Length > 0 ? "it has a mask" : InputOrEmpty(node, 4).Length > 0 ? "it has a cache of past keys" : null;
    }

    private static string? ObstacleOfMultiHead(NodeProto node) =>
        InputOrEmpty(node, 4).Length > 0 ? "it has a key padding mask"
        : InputOrEmpty(node, 6).Length > 0 ? "it has a cache of past keys"
        : null;

    private static string? ObstacleOfPacked(NodeProto node)
    {
        if (node.Attribute.Any(a => a.Name == "qkv_hidden_sizes")) return "its queries, keys and values differ in size";
        return InputOrEmpty(node, 3).Length > 0 ? "it has a mask" : InputOrEmpty(node, 4).Length > 0 ? "it has a cache of past keys" : null;
    }

    private static string InputOrEmpty(NodeProto node, int index) => node.Input.Count > index ? node.Input[index] : "";

    /// <summary>The module path, from the node's name (TorchScript exporter) or its name scopes (dynamo exporter).</summary>
    private static string LabelOf(NodeProto node)
    {
        var scopes = node.MetadataProps.FirstOrDefault(p => p.Key == "pkg.torch.onnx.name_scopes")?.Value ?? "";
        foreach (var text in new[] { scopes, node.Name.Replace('/', '.') })
            if (ModulePath().Matches(text) is { Count: > 0 } matches) return matches[^1].Value;
        return node.Name;
    }

    private static UNetPart? PartOf(string name)
    {
        if (name.StartsWith("down_blocks", StringComparison.Ordinal)) return UNetPart.Down;
        if (name.StartsWith("mid_block", StringComparison.Ordinal)) return UNetPart.Middle;
        return name.StartsWith("up_blocks", StringComparison.Ordinal) ? UNetPart.Up : null;
    }

    private static FreeMaskException NothingFound(OnnxGraph graph, int others)
    {
        var message = new StringBuilder(
            $"{graph.Path} has no cross-attention that FreeMask can find ({others} self-attention modules). Operators: "
        );
        message.AppendJoin(", ", graph.OperatorHistogram().Select(p => $"{p.Key} {p.Value}"));
        return new(message.Append('.').ToString());
    }

    [GeneratedRegex(@"(down_blocks|mid_block|up_blocks)[\w.]*?\.attn\d")]
    private static partial Regex ModulePath();

    private sealed record Context(OnnxGraph Graph, UNetPorts Ports, TensorProvenance Roots, SpatialFactors Factors);
}
