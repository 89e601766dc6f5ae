using FreeMask.Imaging;
using FreeMask.Training.Mini;
using FreeMask.Training.Mini.Stages;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Experiments;

/// <summary>Images of drawings that no training saw.</summary>
/// <param name="Name">How tables call it.</param>
/// <param name="Images">The images with their labels, in PASCAL VOC's classes.</param>
/// <param name="Objects">Draws objects again, for intervals.</param>
internal sealed record TestSet(string Name, IReadOnlyList<LabeledImage> Images, ObjectBootstrap Objects)
{
    /// <summary>The name of the set in the styles of the training.</summary>
    internal const string Main = "held-out";

    private static readonly (string Name, string Folder)[] Styles = [(Main, ""), ("Twemoji", "twemoji"), ("FxEmojis", "fxemoji")];

    /// <summary>The test sets of a bundle: held-out drawings in the styles of its training, and two styles that it lacks.</summary>
    /// <param name="model">The folder of the bundle.</param>
    /// <param name="split">The images of one object, or those of one to three.</param>
    /// <exception cref="FreeMaskException">The bundle has none.</exception>
    internal static IReadOnlyList<TestSet> Of(string model, string split) =>
        [.. Folders(model).Select(set => Load(set.Name, set.Folder, split))];

    /// <summary>Names and folders of the test sets of a bundle; the main one is named whether it exists or not.</summary>
    internal static IEnumerable<(string Name, string Folder)> Folders(string model) =>
        Styles
            .Select(style => (style.Name, Folder: Path.Combine(model, MiniDiffusionTrainer.HeldOutFolder, style.Folder)))
            .Where(style => style.Name == Main || Directory.Exists(style.Folder));

    private static TestSet Load(string name, string folder, string split)
    {
        var (art, captions) = (HeldOutSet.ReadArt(folder), HeldOutSet.ReadCaptions(folder));
        List<LabeledImage> images = [.. VocFolder.OpenAsVoc(folder, split).LoadAll()];
        return new(name, images, new ObjectBootstrap([.. images.Select(image => Shown(image.Id))]));

        IReadOnlyList<ShownObject> Shown(string id) =>
            [.. art[id].Zip(captions[id].Objects.Split(','), (drawing, name) => new ShownObject(drawing, name))];
    }
}
