using FreeMask.Onnx.Proto;

namespace FreeMask.Diffusion.Attention;

/// <summary>What an attention module attends to.</summary>
public enum AttentionKind
{
    /// <summary>Keys from the text: one column a token.</summary>
    Cross,

    /// <summary>Keys from the image itself: one column a grid cell.</summary>
    Self,
}

/// <summary>Which part of a U-Net a module belongs to.</summary>
public enum UNetPart
{
    /// <summary>The contracting half.</summary>
    Down,

    /// <summary>The bottom.</summary>
    Middle,

    /// <summary>The expanding half, behind skip connections.</summary>
    Up,
}

/// <summary>How an exporter wrote attention.</summary>
public enum AttentionForm
{
    /// <summary>MatMul, Softmax, MatMul: probabilities are a tensor of the graph.</summary>
    Softmax,

    /// <summary>ONNX's <c>Attention</c> operator (opset 23).</summary>
    Attention,

    /// <summary><c>com.microsoft.MultiHeadAttention</c> with separate or packed keys and values.</summary>
    MultiHeadAttention,

    /// <summary><c>com.microsoft.Attention</c>: one weight makes queries, keys and values.</summary>
    PackedAttention,
}

/// <summary>One attention module of a U-Net, found by structure.</summary>
public sealed class AttentionModule
{
    internal AttentionModule(AttentionKind kind, AttentionForm form, NodeProto node, string query)
    {
        Kind = kind;
        Form = form;
        Node = node;
        Query = query;
    }

    /// <summary>What it attends to.</summary>
    public AttentionKind Kind { get; }

    /// <summary>How it is written in the graph.</summary>
    public AttentionForm Form { get; }

    /// <summary>Its place among the modules of its kind, in execution order.</summary>
    public int Index { get; internal set; }

    /// <summary>The module's path where the exporter left it, such as <c>up_blocks.1.attentions.0.transformer_blocks.0.attn2</c>; otherwise
    /// the node's name.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>The side of the latent divided by the side of this module's grid: 1, 2, 4 or 8 in Stable Diffusion.</summary>
    public int Factor { get; internal init; }

    /// <summary>Its part of the U-Net.</summary>
    public UNetPart Part { get; internal set; }

    /// <summary>Number of heads, stated by the operator or by the reshape that splits its queries; null where neither does.</summary>
    public int? Heads { get; internal init; }

    /// <summary>The heads that the operator itself splits its inputs into; null where they come to it split.</summary>
    internal int? SplitsInto { get; init; }

    /// <summary>Why its probabilities cannot be captured; null if they can.</summary>
    public string? Obstacle { get; internal init; }

    internal NodeProto Node { get; }

    internal string Query { get; }

    /// <summary>The module's grid for a latent of that size: ceil(side / factor).</summary>
    public (int Width, int Height) Grid(int latentWidth, int latentHeight) =>
        ((latentWidth + Factor - 1) / Factor, (latentHeight + Factor - 1) / Factor);
}
