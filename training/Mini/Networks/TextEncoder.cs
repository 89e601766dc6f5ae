using FreeMask.Training.Mini.Text;
using FreeMask.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mini.Networks;

/// <summary>
/// A causal transformer over token ids, [batch, sequence] to [batch, sequence, width], as CLIP's. The output at every end-of-text position
/// (the end and all padding) is zero: in cross-attention, whose key and value projections have no bias, these positions act as one null key
/// with logit 0 and value 0, need no mask and cannot carry the class.
/// </summary>
internal sealed class TextEncoder : Module
{
    internal const int Width = 128, Heads = 4, LayerCount = 2;

    internal TextEncoder(int vocabulary, int endToken) : base(nameof(TextEncoder))
    {
        EndToken = endToken;
        register_module("token_embedding", TokenEmbedding = Embedding(vocabulary, Width));
        register_module("position_embedding", PositionEmbedding = Embedding(MiniVocabulary.Length, Width));
        Blocks = [.. Enumerable.Range(0, LayerCount).Select(_ => new TextBlock())];
        register_module("layers", ModuleList<TextBlock>(Blocks));
        register_module("final_layer_norm", FinalNorm = LayerNorm(Width, NetworkLayers.Epsilon));
        using var _ = no_grad();
        TokenEmbedding.weight!.mul_(PinnedScalar.Of(0.5));
        PositionEmbedding.weight!.mul_(PinnedScalar.Of(0.02));
    }

    internal Embedding TokenEmbedding { get; }

    internal Embedding PositionEmbedding { get; }

    internal TextBlock[] Blocks { get; }

    internal LayerNorm FinalNorm { get; }

    internal int EndToken { get; }

    internal Tensor Forward(Tensor ids)
    {
        var h = TokenEmbedding.call(ids).SafeAdd(PositionEmbedding.weight!.narrow(0, 0, ids.shape[1]));
        foreach (var block in Blocks) h = block.Forward(h);
        return FinalNorm.call(h) * ids.ne(PinnedScalar.Of(EndToken)).unsqueeze(-1).to(h.dtype);
    }
}

/// <summary>Pre-norm causal self-attention and a GELU MLP.</summary>
internal sealed class TextBlock : Module
{
    internal LayerNorm Norm1 { get; }

    internal Linear Query { get; }

    internal Linear Key { get; }

    internal Linear Value { get; }

    internal Linear Output { get; }

    internal LayerNorm Norm2 { get; }

    internal Linear Fc1 { get; }

    internal Linear Fc2 { get; }

    internal TextBlock() : base(nameof(TextBlock))
    {
        register_module("layer_norm1", Norm1 = LayerNorm(TextEncoder.Width, NetworkLayers.Epsilon));
        register_module("q_proj", Query = Linear(TextEncoder.Width, TextEncoder.Width));
        register_module("k_proj", Key = Linear(TextEncoder.Width, TextEncoder.Width));
        register_module("v_proj", Value = Linear(TextEncoder.Width, TextEncoder.Width));
        register_module("out_proj", Output = Linear(TextEncoder.Width, TextEncoder.Width).Quiet());
        register_module("layer_norm2", Norm2 = LayerNorm(TextEncoder.Width, NetworkLayers.Epsilon));
        register_module("fc1", Fc1 = Linear(TextEncoder.Width, 2 * TextEncoder.Width));
        register_module("fc2", Fc2 = Linear(2 * TextEncoder.Width, TextEncoder.Width).Quiet());
    }

    internal Tensor Forward(Tensor x)
    {
        var h = Norm1.call(x);
        var attended = functional.scaled_dot_product_attention(
            Attention.Split(Query.call(h), TextEncoder.Heads),
            Attention.Split(Key.call(h), TextEncoder.Heads),
            Attention.Split(Value.call(h), TextEncoder.Heads),
            is_casual: true);
        x = x.SafeAdd(Output.call(Attention.Merge(attended)));
        return x.SafeAdd(Fc2.call(functional.gelu(Fc1.call(Norm2.call(x)))));
    }
}
