using FreeMask.Vision;

namespace FreeMask.Cli.Hub;

/// <summary>Which files of a repository make an ONNX export. Pickled weights are never among them: loading one runs code.</summary>
internal static class HubSelection
{
    private const string Index = "model_index.json", Model = "model.onnx";

    private static readonly string[] Kinds = [".json", ".txt", ".onnx", ".onnx_data", ".data", ".pb"];
    private static readonly string[] Parts = ["scheduler", "tokenizer", "tokenizer_2", "text_encoder", "text_encoder_2", "unet", "vae_encoder", "vae_decoder"];

    /// <summary>The files to fetch and the path that each gets.</summary>
    /// <param name="listing">What the repository holds.</param>
    /// <param name="reference">Named in messages.</param>
    /// <param name="variant">Such as <c>fp16</c>: takes <c>model.fp16.onnx</c> or <c>model_fp16.onnx</c> for <c>model.onnx</c>; null for the plain files.</param>
    /// <exception cref="FreeMaskException">The repository is no such export, or has no such variant.</exception>
    internal static IReadOnlyList<(HubFile File, string Path)> Choose(HubListing listing, HubReference reference, string? variant)
    {
        var usable = listing.Files.Where(IsPart).ToList();
        if (!usable.Any(file => file.Path == Index))
            throw new FreeMaskException($"{reference.Repository} at {reference.Revision} has no {Index}: it is no diffusion pipeline in the layout of diffusers.");
        var graphs = usable.Where(file => file.Path.EndsWith(".onnx", StringComparison.Ordinal)).ToList();
        var chosen = graphs.Where(file => IsVariant(file, variant)).Select(file => (File: file, Path: Folder(file) + "/" + Model)).ToList();
        if (!chosen.Exists(item => item.Path == "unet/" + Model))
        {
            throw new FreeMaskException(graphs.Count == 0
                ? $"{reference.Repository} at {reference.Revision} holds no ONNX files. Its PyTorch weights can be exported with: optimum-cli export onnx --model {reference.Repository} DIR"
                : $"{reference.Repository} at {reference.Revision} has no unet/{Model}{(variant is null ? "" : $" of the variant '{variant}'")}; it has {string.Join(", ", graphs.Select(file => file.Path).Order(StringComparer.Ordinal))}.");
        }

        // A graph names the files of its weights, so these keep their names; those of graphs that are not taken stay out.
        var leftOut = graphs.Except(chosen.Select(item => item.File)).Select(file => file.Path).ToList();
        var rest = usable.Except(graphs).Where(file => !leftOut.Exists(graph => IsWeightsOf(file.Path, graph)));
        return [.. chosen.Concat(rest.Select(file => (file, file.Path))).OrderBy(item => item.Path, StringComparer.Ordinal)];
    }

    /// <summary>The files of a checkpoint as <c>save_pretrained</c> writes it: configuration and safetensors, at the top of the repository.</summary>
    /// <exception cref="FreeMaskException">The repository holds no such checkpoint.</exception>
    internal static IReadOnlyList<(HubFile File, string Path)> Checkpoint(HubListing listing, HubReference reference)
    {
        var files = listing.Files.Where(file => !file.Path.Contains('/', StringComparison.Ordinal)
            && (file.Path is "config.json" or "preprocessor_config.json" or "model.safetensors.index.json" || file.Path.EndsWith(".safetensors", StringComparison.Ordinal))).ToList();
        return files.Exists(file => file.Path == "config.json") && files.Exists(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal))
            ? [.. files.Select(file => (file, file.Path)).OrderBy(item => item.Path, StringComparer.Ordinal)]
            : throw new FreeMaskException($"{reference.Repository} at {reference.Revision} holds no config.json with safetensors.");
    }

    private static bool IsPart(HubFile file)
    {
        if (file.Path == Index || file.Path.StartsWith("LICENSE", StringComparison.OrdinalIgnoreCase)) return true;
        return Parts.Contains(Folder(file), StringComparer.Ordinal) && !file.Path.Contains("..", StringComparison.Ordinal)
            && Array.Exists(Kinds, kind => file.Path.EndsWith(kind, StringComparison.Ordinal)) && !file.Path.EndsWith(".safetensors.index.json", StringComparison.Ordinal);
    }

    private static bool IsVariant(HubFile graph, string? variant)
    {
        var name = graph.Path[(Folder(graph).Length + 1)..];
        return variant is null ? name == Model : name == $"model.{variant}.onnx" || name == $"model_{variant}.onnx";
    }

    private static bool IsWeightsOf(string path, string graph) => path.StartsWith(graph + "_data", StringComparison.Ordinal) || path.StartsWith(graph + ".data", StringComparison.Ordinal);

    private static string Folder(HubFile file)
    {
        var slash = file.Path.LastIndexOf('/');
        return slash < 0 ? "" : file.Path[..slash];
    }
}
