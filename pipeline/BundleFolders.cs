using FreeMask.Diffusion.Inspection;

namespace FreeMask.Pipeline;

/// <summary>Finds the folder of a model bundle: a name in the models folder, or a path.</summary>
/// <param name="modelsFolder">The folder that holds the bundles that ship; null where there is none.</param>
internal sealed class BundleFolders(string? modelsFolder)
{
    /// <summary>The folder of a bundle that holds its placement model.</summary>
    internal const string PlacementPart = "placement";

    /// <summary>The folder of a bundle.</summary>
    /// <param name="model">A name such as <c>mini</c>, or a path.</param>
    /// <exception cref="FreeMaskException">There is no such bundle.</exception>
    public string Find(string model)
    {
        if (modelsFolder is not null && Path.Combine(modelsFolder, model) is var named && IsBundle(named)) return named;
        if (IsBundle(model)) return Path.GetFullPath(model);
        var searched = modelsFolder is null ? "" : $" (looked in {modelsFolder} too)";
        throw new FreeMaskException(
            $"There is no model bundle '{model}'{searched}: a bundle is a folder with unet/model.onnx and its other parts."
        );
    }

    private static bool IsBundle(string folder) => BundleFacts.IsBundle(folder);
}
