using FreeMask.Files;

namespace FreeMask.Cli.Hub;

/// <summary>Selects the files of an ONNX export in a repository. Pickled weights are never selected: loading them executes code.</summary>
internal static class HubSelection
{
    private const string Index = ModelFileNames.DiffusionIndex, Model = ModelFileNames.Onnx, AutoencoderConfig = "vae/config.json";

    private static readonly string[] Kinds = [".json", ".txt"];
    private static readonly string[] LicenceKinds = ["", ".txt", ".md"];
    private static readonly string[] Parts =
    [
        "scheduler",
        "tokenizer",
        "tokenizer_2",
        "text_encoder",
        "text_encoder_2",
        "unet",
        "vae_encoder",
        "vae_decoder",
    ];

    /// <summary>
    /// The files to download first, with their paths here: the graphs and their surroundings. The graphs name the files of their weights
    /// (<see cref="Weights"/>).
    /// </summary>
    /// <param name="listing">The files of the repository.</param>
    /// <param name="reference">For messages.</param>
    /// <param name="variant">Such as <c>fp16</c>: takes <c>model.fp16.onnx</c> or <c>model_fp16.onnx</c> in place of <c>model.onnx</c> in
    /// the parts that have it; null for the plain files.</param>
    /// <exception cref="FreeMaskException">The repository is not such an export, or has no such variant.</exception>
    internal static IReadOnlyList<(HubFile File, string Path)> Choose(HubListing listing, HubReference reference, string? variant)
    {
        if (!listing.Files.Any(file => file.Path == Index || file.Path.StartsWith("unet/", StringComparison.Ordinal)))
            throw new FreeMaskException(
                $"{reference.Repository} at {reference.Revision} has neither {Index} nor a folder unet: it is no diffusion pipeline in "
                    + "the layout of diffusers."
            );
        var graphs = listing
            .Files.Where(file =>
                Parts.Contains(Folder(file.Path), StringComparer.Ordinal) && file.Path.EndsWith(".onnx", StringComparison.Ordinal)
            )
            .ToList();
        if (graphs.Count == 0)
            throw new FreeMaskException(
                $"{reference.Repository} at {reference.Revision} holds no ONNX files. Its PyTorch weights can be exported with: "
                    + $"optimum-cli export onnx --model {reference.Repository} DIR"
            );
        if (variant is not null && !graphs.Exists(graph => IsVariant(graph, variant)))
            throw Missing(reference, $"graph of the variant '{variant}'", graphs);
        var chosen = graphs
            .GroupBy(graph => Folder(graph.Path), StringComparer.Ordinal)
            .Select(part =>
                (
                    File: part.FirstOrDefault(graph => IsVariant(graph, variant)) ?? part.FirstOrDefault(graph => IsVariant(graph, null)),
                    Path: part.Key + "/" + Model
                )
            )
            .Where(item => item.File is not null)
            .Select(item => (item.File!, item.Path))
            .ToList();
        if (!chosen.Exists(item => item.Path == "unet/" + Model)) throw Missing(reference, "unet/" + Model, graphs);
        return
        [
            .. chosen
                .Concat(listing.Files.Where(IsConfiguration).Select(file => (file, file.Path)))
                .OrderBy(item => item.Path, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// The files of a graph's weights, with their paths here. The graph refers to them by name, so they keep their names.
    /// </summary>
    /// <param name="listing">The files of the repository.</param>
    /// <param name="reference">Named in messages.</param>
    /// <param name="graph">The graph, and its path here.</param>
    /// <param name="locations">The file names in the graph, relative to its folder.</param>
    /// <exception cref="FreeMaskException">A file is absent from the repository, or is outside the graph's folder.</exception>
    internal static IReadOnlyList<(HubFile File, string Path)> Weights(
        HubListing listing,
        HubReference reference,
        (HubFile File, string Path) graph,
        IEnumerable<string> locations
    ) =>
        [
            .. locations.Select(location =>
            {
                var name = location.StartsWith("./", StringComparison.Ordinal) ? location[2..] : location;
                if (!HubListing.StaysInside(name))
                    throw new FreeMaskException(
                        $"{reference.Repository}: {graph.File.Path} keeps weights in '{location}', outside of its folder; that is not "
                            + "fetched."
                    );
                var source = Folder(graph.File.Path) + "/" + name;
                var file =
                    listing.Files.FirstOrDefault(file => file.Path == source)
                    ?? throw new FreeMaskException(
                        $"{reference.Repository} at {reference.Revision} is not whole: {graph.File.Path} keeps weights in {source}, "
                            + "which is not there."
                    );
                return (file, Folder(graph.Path) + "/" + name);
            }),
        ];

    /// <summary>The parts without this variant, of which the plain graph is taken.</summary>
    internal static IReadOnlyList<string> WithoutVariant(IEnumerable<(HubFile File, string Path)> chosen, string? variant) =>
        variant is null
            ? []
            :
            [
                .. chosen
                    .Where(item => item.Path.EndsWith("/" + Model, StringComparison.Ordinal) && !IsVariant(item.File, variant))
                    .Select(item => Folder(item.Path)),
            ];

    /// <summary>The files of a checkpoint as <c>save_pretrained</c> writes it: configuration and safetensors, at the top of the
    /// repository.</summary>
    /// <exception cref="FreeMaskException">The repository has no such checkpoint.</exception>
    internal static IReadOnlyList<(HubFile File, string Path)> Checkpoint(HubListing listing, HubReference reference)
    {
        var files = listing
            .Files.Where(file =>
                Folder(file.Path).Length == 0
                && (
                    file.Path is ModelFileNames.Config or ModelFileNames.Preprocessor or ModelFileNames.WeightsIndex
                    || file.Path.EndsWith(".safetensors", StringComparison.Ordinal)
                )
            )
            .ToList();
        return
            files.Exists(file => file.Path == ModelFileNames.Config)
            && files.Exists(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal))
            ? [.. files.Select(file => (file, file.Path)).OrderBy(item => item.Path, StringComparer.Ordinal)]
            : throw new FreeMaskException($"{reference.Repository} at {reference.Revision} holds no config.json with safetensors.");
    }

    private static bool IsConfiguration(HubFile file)
    {
        if (file.Path is Index or AutoencoderConfig) return true;
        if (Folder(file.Path).Length == 0)
            return file.Path.StartsWith("LICENSE", StringComparison.OrdinalIgnoreCase)
                && LicenceKinds.Contains(Path.GetExtension(file.Path), StringComparer.OrdinalIgnoreCase);
        return Parts.Contains(Folder(file.Path), StringComparer.Ordinal)
            && Array.Exists(Kinds, kind => file.Path.EndsWith(kind, StringComparison.Ordinal))
            && !file.Path.EndsWith(".index.json", StringComparison.Ordinal);
    }

    private static FreeMaskException Missing(HubReference reference, string what, IEnumerable<HubFile> graphs) =>
        new(
            $"{reference.Repository} at {reference.Revision} has no {what}; it has "
                + $"{string.Join(", ", graphs.Select(file => file.Path).Order(StringComparer.Ordinal))}."
        );

    private static bool IsVariant(HubFile graph, string? variant)
    {
        var name = graph.Path[(Folder(graph.Path).Length + 1)..];
        return variant is null ? name == Model : name == $"model.{variant}.onnx" || name == $"model_{variant}.onnx";
    }

    private static string Folder(string path) => path.LastIndexOfAny(['/', '\\']) is >= 0 and var slash ? path[..slash] : "";
}
