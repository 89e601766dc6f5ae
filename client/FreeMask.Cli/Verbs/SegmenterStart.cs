using FreeMask.Cli.Bundles;
using FreeMask.Cli.Hub;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Mini;

namespace FreeMask.Cli.Verbs;

/// <summary>The initial weights of a segmenter's training.</summary>
/// <param name="Folder">The folder of the weights; null for random ones.</param>
/// <param name="Config">The model configuration; null for that of the folder, or the small model.</param>
internal sealed record SegmenterStart(string? Folder, Mask2FormerConfig? Config)
{
    internal const string MiniBackbone = "backbone", MiniSegmenter = "bundle", ImageNet = "imagenet";

    private const string None = "none",
        DefaultBundle = "mini",
        BundleSegmenter = "segmenter",
        SwinTiny = "swin-tiny",
        ResNet50 = "resnet-50";

    // Mask2Former trains Swin-T with this drop-path rate in the last block.
    private const double DropPath = 0.3;

    /// <summary>The supported backbones, and the public classifier of each.</summary>
    private static readonly Dictionary<string, HubReference> Classifiers = new(StringComparer.Ordinal)
    {
        [SwinTiny] = new("microsoft/swin-tiny-patch4-window7-224", "main"),
        [ResNet50] = new("microsoft/resnet-50", "main"),
    };

    /// <summary>Names of backbones.</summary>
    internal static IReadOnlyList<string> Backbones { get; } = [SwinTiny, ResNet50];

    /// <summary>Finds the weights; those of a public classifier are downloaded once.</summary>
    /// <exception cref="FreeMaskException">They are absent, or the backbone is unknown.</exception>
    internal static async Task<SegmenterStart> FindAsync(
        VerbHost host,
        CommandContext context,
        string init,
        string backbone,
        bool isReference,
        IReadOnlyList<string> labels,
        CancellationToken stop
    )
    {
        if (!Classifiers.TryGetValue(backbone, out var classifier))
            throw new FreeMaskException($"'{backbone}' is no backbone; there are {string.Join(", ", Backbones)}.");
        var fresh = isReference
            ? new Mask2FormerConfig
            {
                Backbone = backbone == SwinTiny ? SwinConfig.Tiny with { DropPath = DropPath } : ResNetConfig.ResNet50,
                Labels = labels,
            }
            : null;
        if (init == None) return new(null, fresh);
        var folder = init switch
        {
            MiniSegmenter => Path.Combine(Bundle(host.Bundles), BundleSegmenter),
            MiniBackbone => Path.Combine(Bundle(host.Bundles), MiniDiffusionTrainer.BackboneFolder),
            ImageNet => await PulledAsync(host, context, classifier, stop),
            _ => Path.GetFullPath(init),
        };
        if (!CheckpointFolder.HasWeights(folder))
            throw new FreeMaskException(
                $"There are no weights to start from for --init {init}: {folder} holds no model.safetensors. Use {ImageNet}, {None}, "
                    + $"{MiniSegmenter}, {MiniBackbone} or a model folder."
            );
        return new(folder, CheckpointFolder.KindOf(folder) == "mask2former" ? null : fresh);
    }

    private static string Bundle(BundleCatalog bundles) => bundles.Folder(DefaultBundle, Directory.GetCurrentDirectory()) ?? DefaultBundle;

    private static async Task<string> PulledAsync(VerbHost host, CommandContext context, HubReference classifier, CancellationToken stop)
    {
        var folder = Path.GetFullPath(Path.Combine(host.Bundles.ModelsFolder ?? "models", classifier.Name));
        if (CheckpointFolder.HasWeights(folder) && File.Exists(Path.Combine(folder, ModelFileNames.Config))) return folder;
        using var hub = new HubClient(
            host.Variable(HubClient.EndpointVariable) ?? HubClient.DefaultEndpoint,
            host.Variable(HubClient.TokenVariable),
            context.Time
        );
        await new Puller(hub, context.WriteMessage, context.Time).PullAsync(
            classifier,
            null,
            folder,
            stop,
            listing => HubSelection.Checkpoint(listing, classifier)
        );
        return folder;
    }
}
