using FreeMask.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mini.Networks;

/// <summary>Multi-head attention under diffusers' names; keys and values come from the same sequence as the queries or from a
/// context.</summary>
internal sealed class Attention : Module
{
    internal Linear Query { get; }

    internal Linear Key { get; }

    internal Linear Value { get; }

    internal Linear Output { get; }

    internal int Heads { get; }

    internal Attention(int width, int contextWidth, int heads) : base(nameof(Attention))
    {
        Heads = heads;
        register_module("to_q", Query = Linear(width, width, hasBias: false));
        register_module("to_k", Key = Linear(contextWidth, width, hasBias: false));
        register_module("to_v", Value = Linear(contextWidth, width, hasBias: false));
        Output = Linear(width, width).Quiet();
        register_module("to_out", ModuleList<Linear>(Output));
    }

    /// <param name="x">[batch, queries, width].</param>
    /// <param name="context">[batch, keys, contextWidth].</param>
    /// <param name="record">Takes the probabilities, [batch, heads, queries, keys], where somebody asks for them.</param>
    internal Tensor Forward(Tensor x, Tensor context, Action<Tensor>? record)
    {
        var (query, key, value) = (Split(Query.call(x), Heads), Split(Key.call(context), Heads), Split(Value.call(context), Heads));
        if (record is null) return Output.call(Merge(functional.scaled_dot_product_attention(query, key, value)));
        var probabilities = (query.matmul(key.transpose(-1, -2)) / PinnedScalar.Of(Math.Sqrt(query.shape[^1]))).softmax(-1);
        record(probabilities);
        return Output.call(Merge(probabilities.matmul(value)));
    }

    internal static Tensor Split(Tensor x, int heads) => x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2);

    internal static Tensor Merge(Tensor x) => x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1);
}

/// <summary>Attention maps of one forward pass, in the order of the blocks.</summary>
internal sealed class AttentionStore
{
    /// <summary>Per block: its name and [batch, heads, queries, keys].</summary>
    internal List<(string Block, Tensor Probabilities)> Cross { get; } = [];

    /// <summary>Per block: its name and [batch, heads, queries, queries].</summary>
    internal List<(string Block, Tensor Probabilities)> Self { get; } = [];
}

/// <summary>Self-attention, cross-attention to the text and a GELU MLP over the pixels, around a residual.</summary>
internal sealed class SpatialTransformer : Module
{
    internal GroupNorm Norm { get; }

    internal TransformerBlock Block { get; }

    internal string Path { get; }

    internal SpatialTransformer(string path, int width, int contextWidth, int heads) : base(nameof(SpatialTransformer))
    {
        Path = path;
        register_module("norm", Norm = NetworkLayers.Norm(width));
        Block = new TransformerBlock(width, contextWidth, heads);
        register_module("transformer_blocks", ModuleList<TransformerBlock>(Block));
    }

    internal Tensor Forward(Tensor x, Tensor context, AttentionStore? record)
    {
        var tokens = Norm.call(x).flatten(2).transpose(1, 2);
        return x.SafeAdd(Block.Forward(tokens, context, Path, record).transpose(1, 2).reshape(x.shape));
    }
}

/// <summary>Diffusers' BasicTransformerBlock with a plain GELU MLP of twice the width.</summary>
internal sealed class TransformerBlock : Module
{
    internal LayerNorm Norm1 { get; }

    internal Attention Self { get; }

    internal LayerNorm Norm2 { get; }

    internal Attention Cross { get; }

    internal LayerNorm Norm3 { get; }

    internal Linear Fc1 { get; }

    internal Linear Fc2 { get; }

    internal TransformerBlock(int width, int contextWidth, int heads) : base(nameof(TransformerBlock))
    {
        register_module("norm1", Norm1 = LayerNorm(width, NetworkLayers.Epsilon));
        register_module("attn1", Self = new Attention(width, width, heads));
        register_module("norm2", Norm2 = LayerNorm(width, NetworkLayers.Epsilon));
        register_module("attn2", Cross = new Attention(width, contextWidth, heads));
        register_module("norm3", Norm3 = LayerNorm(width, NetworkLayers.Epsilon));
        register_module("ff_in", Fc1 = Linear(width, 2 * width));
        register_module("ff_out", Fc2 = Linear(2 * width, width).Quiet());
    }

    internal Tensor Forward(Tensor x, Tensor context, string path, AttentionStore? record)
    {
        var own = Norm1.call(x);
        x = x.SafeAdd(Self.Forward(own, own, record is null ? null : map => record.Self.Add((path, map))));
        x = x.SafeAdd(Cross.Forward(Norm2.call(x), context, record is null ? null : map => record.Cross.Add((path, map))));
        return x.SafeAdd(Fc2.call(functional.gelu(Fc1.call(Norm3.call(x)))));
    }
}
