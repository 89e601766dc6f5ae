using FreeMask.Diffusion.Inspection;
using FreeMask.Vision;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Datasets;

namespace FreeMask.Cli.RunFiles;

/// <summary>Resolves references of a run file: model bundles, data sets, segmenters and affinity models.</summary>
internal interface IRunFileResolver
{
    /// <summary>Names of the model bundles that ship.</summary>
    IReadOnlyList<string> BundleNames { get; }

    /// <summary>
    /// The value for the specification: the name of a bundle that ships, or the full path of a folder; null if there is none.
    /// </summary>
    string? FindBundle(string nameOrFolder);

    /// <summary>The properties of a bundle from <see cref="FindBundle"/>; null if its files do not contain them.</summary>
    BundleFacts? FactsOf(string model) => null;

    /// <summary>The full path of a file; null if there is none.</summary>
    string? FindFile(string path) => null;

    /// <summary>Whether a bundle has a segmenter to start from.</summary>
    bool HasSegmenter(string model) => true;

    /// <summary>
    /// The full path of a model folder (<c>config.json</c>, weights) and the sha256 of its weights: a folder, or the name of one beside the
    /// bundles; null where there is none.
    /// </summary>
    (string Folder, string Hash)? FindCheckpoint(string nameOrFolder) => null;

    /// <summary>The full path of a data set in PASCAL VOC layout, or null.</summary>
    /// <param name="folder">As the run file names it.</param>
    /// <param name="labels">The label set that its classes must be of.</param>
    /// <param name="pairs">Pairs of class names that differ.</param>
    /// <exception cref="FreeMask.FreeMaskException">It has other classes.</exception>
    string? FindDataset(string folder, LabelSet labels, IReadOnlyList<string> pairs);

    /// <summary>The full path of a data set in any layout, and its hash; null where there is no such folder.</summary>
    /// <param name="folder">As the run file names it.</param>
    /// <param name="open">Opens it, by its full path.</param>
    /// <exception cref="FreeMask.FreeMaskException">It is none, or has other classes.</exception>
    (string Folder, string Hash)? FindLabeledDataset(string folder, Func<string, MatchedDataset> open) => null;

    /// <summary>The words of all that a bundle can draw; null where that is not limited.</summary>
    IReadOnlyList<string>? WordsOf(string model) => null;

    /// <summary>The full path and the contents of a label set's file; null where there is no such file.</summary>
    /// <exception cref="FreeMask.FreeMaskException">It is no label set.</exception>
    (string Path, LabelSet Labels)? FindLabels(string file) => null;

    /// <summary>The full path of a folder with <c>model.onnx</c> and <c>card.json</c>, or null.</summary>
    string? FindSegmenter(string folder);

    /// <summary>The full path and the configuration of an affinity model; null where there is none.</summary>
    (string Folder, AffinityConfig Config)? FindAffinity(string folder);

    /// <summary>The affinity model that a bundle ships, for <see cref="FindAffinity"/>; null where it has none.</summary>
    string? AffinityOf(string model) => null;

    /// <summary>The full path of a placement model and the sha256 of its file; null where there is none.</summary>
    /// <exception cref="FreeMask.FreeMaskException">It cannot be read.</exception>
    (string Folder, string Hash)? FindPlacement(string folder) => null;

    /// <summary>The placement model that a bundle ships; null where it has none.</summary>
    (string Folder, string Hash)? PlacementOf(string model) => null;

    /// <summary>The full path of a harmonizer and the sha256 of its model; null where there is none.</summary>
    /// <exception cref="FreeMask.FreeMaskException">It cannot be read.</exception>
    (string Folder, string Hash)? FindHarmonizer(string folder) => null;

    /// <summary>The harmonizer that a bundle ships; null where it has none.</summary>
    (string Folder, string Hash)? HarmonizerOf(string model) => null;

    /// <summary>
    /// The images of a data set that contain at least one of the given classes, each with the class that has most pixels in it, ordered by
    /// name.
    /// </summary>
    /// <param name="folder">The full path.</param>
    /// <param name="list">A list of the data set; null for all images.</param>
    /// <param name="labels">The label set of the run.</param>
    /// <param name="classes">Labels of it.</param>
    /// <exception cref="FreeMask.FreeMaskException">A file is missing or damaged.</exception>
    IReadOnlyList<(string Name, byte ClassId)> ReadSamples(string folder, string? list, LabelSet labels, IReadOnlyList<int> classes);
}
