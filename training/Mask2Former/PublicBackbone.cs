namespace FreeMask.Training.Mask2Former;

/// <summary>A backbone that a segmenter can have, and the public ImageNet classifier whose weights it can start from.</summary>
/// <param name="Name">Its name in run files and commands.</param>
/// <param name="Config">Its shape, as Mask2Former trains it.</param>
/// <param name="Owner">Who published the classifier on the hub; null where it comes from a package instead.</param>
/// <param name="Folder">The folder that <c>models pull</c> writes the classifier to, and its name on the hub.</param>
internal sealed record PublicBackbone(string Name, BackboneConfig Config, string? Owner, string Folder)
{
    // Mask2Former trains Swin with this drop-path rate in the last block.
    private const double DropPath = 0.3;

    private const string Microsoft = "microsoft";

    /// <summary>The backbone of a training that names none.</summary>
    internal static PublicBackbone Default { get; } = new("resnet-18", ResNetConfig.ResNet18, null, "imagenet-resnet18");

    /// <summary>All of them, the smallest first.</summary>
    internal static IReadOnlyList<PublicBackbone> All { get; } =
    [
        Default,
        new("resnet-50", ResNetConfig.ResNet50, Microsoft, "resnet-50"),
        new("swin-tiny", SwinConfig.Tiny with { DropPath = DropPath }, Microsoft, "swin-tiny-patch4-window7-224"),
        new("swin-small", SwinConfig.Small with { DropPath = DropPath }, Microsoft, "swin-small-patch4-window7-224"),
        new("swin-base", SwinConfig.Base with { DropPath = DropPath }, Microsoft, "swin-base-patch4-window7-224"),
        new("swin-large", SwinConfig.Large with { DropPath = DropPath }, Microsoft, "swin-large-patch4-window7-224"),
    ];

    /// <summary>The backbone of a name.</summary>
    /// <param name="name">The name; null for the default.</param>
    /// <exception cref="FreeMaskException">There is none of that name.</exception>
    internal static PublicBackbone Of(string? name) =>
        name is null ? Default : All.FirstOrDefault(backbone => backbone.Name == name)
        ?? throw new FreeMaskException($"'{name}' is no backbone; there are {string.Join(", ", All.Select(backbone => backbone.Name))}.");
}
