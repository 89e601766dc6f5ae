using FreeMask.Onnx;
using FreeMask.Onnx.Proto;

namespace FreeMask.Diffusion.Attention;

/// <summary>Which inputs of a U-Net are the latent and the text.</summary>
internal sealed record UNetPorts(string Latent, string Text)
{
    /// <summary>Takes the usual names, otherwise the only input of rank 4 and the only one of rank 3.</summary>
    internal static UNetPorts Of(OnnxGraph graph) =>
        new(Find(graph, "sample", 4, "latent"), Find(graph, "encoder_hidden_states", 3, "text embedding"));

    private static string Find(OnnxGraph graph, string name, int rank, string meaning)
    {
        if (graph.Inputs.Any(i => i.Name == name)) return name;
        ValueInfoProto[] candidates = [.. graph.Inputs.Where(i => i.Type?.TensorType?.Shape?.Dim.Count == rank)];
        return candidates.Length == 1
            ? candidates[0].Name
            : throw new FreeMaskException(
                $"{graph.Path} has no input for the {meaning} (named {name}, or the only one of rank {rank}); its inputs are "
                    + $"{string.Join(", ", graph.Inputs.Select(i => i.Name))}."
            );
    }
}
