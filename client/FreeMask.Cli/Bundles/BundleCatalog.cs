using System.Text.Json;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;
using FreeMask.Diffusion.Inspection;
using FreeMask.Files;
using FreeMask.Pipeline;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Harmonization;
using FreeMask.Vision.Placement;

namespace FreeMask.Cli.Bundles;

/// <summary>
/// Finds model bundles: folders in the layout of public ONNX exports, recognized by their <c>model_index.json</c> or their U-Net. Those
/// that ship are in <c>models/</c> of the repository or beside the program; the environment variable <c>FREEMASK_MODELS</c> names another
/// folder.
/// </summary>
internal sealed class BundleCatalog(string? modelsFolder)
{
    internal const string EnvironmentVariable = "FREEMASK_MODELS";
    internal const string IndexFile = ModelFileNames.DiffusionIndex;

    private const string MiniName = "freemask/mini";

    /// <summary>The folder of the bundles; null if there is none.</summary>
    internal string? ModelsFolder { get; } = modelsFolder;

    /// <summary>Names of the bundles in <see cref="ModelsFolder"/>.</summary>
    internal IReadOnlyList<string> Names =>
        ModelsFolder is null || !Directory.Exists(ModelsFolder)
            ? []
            :
            [
                .. Directory
                    .EnumerateDirectories(ModelsFolder)
                    .Where(IsBundle)
                    .Select(folder => Path.GetFileName(folder)!)
                    .Order(StringComparer.Ordinal),
            ];

    /// <summary>
    /// Finds the models folder: the variable, then <c>models</c> in each folder from the program's upward, then from the current one
    /// upward.
    /// </summary>
    internal static BundleCatalog Locate(Func<string, string?> environment)
    {
        if (environment(EnvironmentVariable) is { Length: > 0 } named)
            return new(NamedPath.HasCurrentFolder ? Path.GetFullPath(named) : named);
        string?[] starts = [AppContext.BaseDirectory, NamedPath.HasCurrentFolder ? Directory.GetCurrentDirectory() : null];
        return new(starts.OfType<string>().Select(Upward).FirstOrDefault(found => found is not null));
    }

    /// <summary>The folder of a bundle by name or path; null where there is none.</summary>
    internal string? Folder(string nameOrFolder, string relativeTo)
    {
        if (Names.Contains(nameOrFolder, StringComparer.Ordinal)) return Path.Combine(ModelsFolder!, nameOrFolder);
        var folder = Path.GetFullPath(nameOrFolder, relativeTo);
        return IsBundle(folder) ? folder : null;
    }

    /// <summary>The default image side of a bundle in pixels: that of its decoder, or 512.</summary>
    internal int DefaultImageSide(string model)
    {
        foreach (var part in (string[])["vae_decoder", "vae"])
        {
            try
            {
                var path = Path.Combine(Folder(model, AppContext.BaseDirectory) ?? model, part, ModelFileNames.Config);
                if (!File.Exists(path)) continue;
                using var config = JsonDocument.Parse(File.ReadAllBytes(path));
                if (config.RootElement.TryGetProperty("sample_size", out var size) && size.TryGetInt32(out var side) && side > 0)
                    return side;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
            {
                // Loading the bundle reports the error; here it only makes an estimate less exact.
            }
        }

        return 512;
    }

    /// <summary>The words of all that a bundle can draw; null where that is not limited. Bundles of <c>train mini</c> know VOC's classes
    /// alone.</summary>
    internal IReadOnlyList<string>? WordsOf(string model, string relativeTo)
    {
        try
        {
            if (Folder(model, relativeTo) is not { } found || !File.Exists(Path.Combine(found, IndexFile))) return null;
            using var index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(found, IndexFile)));
            return index.RootElement.TryGetProperty("_name_or_path", out var name) && name.ValueEquals(MiniName)
                ? [.. LabelSet.Voc.Classes.Select(item => item.Words)]
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            // Loading the bundle reports the error.
            return null;
        }
    }

    /// <summary>A resolver for run files in a folder.</summary>
    internal IRunFileResolver ResolverAt(string folder) => new Resolver(this, folder);

    private static bool IsBundle(string folder) => BundleFacts.IsBundle(folder);

    private static string? Upward(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            var models = Path.Combine(folder.FullName, "models");
            if (HoldsBundles(models)) return models;
        }

        return null;
    }

    /// <summary>A folder of this name may belong to another user and be unreadable.</summary>
    private static bool HoldsBundles(string folder)
    {
        try
        {
            return Directory.Exists(folder) && Directory.EnumerateDirectories(folder).Any(IsBundle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private sealed class Resolver(BundleCatalog catalog, string folder) : IRunFileResolver
    {
        public IReadOnlyList<string> BundleNames => catalog.Names;

        public string? FindBundle(string nameOrFolder) =>
            catalog.Names.Contains(nameOrFolder, StringComparer.Ordinal) ? nameOrFolder : catalog.Folder(nameOrFolder, folder);

        public BundleFacts? FactsOf(string model)
        {
            try
            {
                return catalog.Folder(model, folder) is { } found ? BundleFacts.Read(found) : null;
            }
            catch (FreeMaskException)
            {
                // Loading the bundle and 'models verify' report missing files.
                return null;
            }
        }

        public bool HasSegmenter(string model) =>
            catalog.Folder(model, folder) is not { } found || CheckpointFolder.HasWeights(Path.Combine(found, "segmenter"));

        public (string Folder, string Hash)? FindCheckpoint(string nameOrFolder)
        {
            string?[] places =
            [
                Path.GetFullPath(nameOrFolder, folder),
                catalog.ModelsFolder is { } models ? Path.Combine(models, nameOrFolder.Split('/')[^1]) : null,
            ];
            return places.OfType<string>().FirstOrDefault(place => CheckpointFolder.KindOf(place) is not null) is { } found
                ? (found, BundleHash.Of(found))
                : null;
        }

        public IReadOnlyList<string>? WordsOf(string model) => catalog.WordsOf(model, folder);

        public (string Path, LabelSet Labels)? FindLabels(string file) =>
            FindFile(file) is { } full ? (full, LabelSetFile.Read(full)) : null;

        public string? FindFile(string path)
        {
            var full = Path.GetFullPath(path, folder);
            return File.Exists(full) ? full : null;
        }

        public string? FindSegmenter(string path)
        {
            var full = Path.GetFullPath(path, folder);
            return File.Exists(Path.Combine(full, ModelFileNames.Onnx)) && File.Exists(Path.Combine(full, ModelFileNames.Card))
                ? full
                : null;
        }

        public (string Folder, AffinityConfig Config)? FindAffinity(string path)
        {
            var full = Path.GetFullPath(path, folder);
            return File.Exists(Path.Combine(full, AffinityModel.WeightsFile)) && File.Exists(Path.Combine(full, AffinityModel.ConfigFile))
                ? (full, AffinityModel.Load(full).Config)
                : null;
        }

        public string? AffinityOf(string model) =>
            catalog.Folder(model, folder) is { } bundle && Path.Combine(bundle, "affinity") is var own
            && File.Exists(Path.Combine(own, AffinityModel.WeightsFile))
                ? own
                : null;

        public (string Folder, string Hash)? FindPlacement(string path) => Placement(Path.GetFullPath(path, folder));

        public (string Folder, string Hash)? PlacementOf(string model) =>
            catalog.Folder(model, folder) is { } bundle ? Placement(Path.Combine(bundle, BundleFolders.PlacementPart)) : null;

        public (string Folder, string Hash)? FindHarmonizer(string path) => Harmonizer(Path.GetFullPath(path, folder));

        public (string Folder, string Hash)? HarmonizerOf(string model) =>
            catalog.Folder(model, folder) is { } bundle ? Harmonizer(Path.Combine(bundle, "harmonizer")) : null;

        private static (string Folder, string Hash)? Placement(string full) =>
            PlacementModel.IsIn(full) ? (full, PlacementModel.HashOf(full)) : null;

        private static (string Folder, string Hash)? Harmonizer(string full) =>
            HarmonizerModel.IsIn(full) ? (full, HarmonizerModel.HashOf(full)) : null;

        public IReadOnlyList<(string Name, byte ClassId)> ReadSamples(
            string path,
            string? list,
            LabelSet labels,
            IReadOnlyList<int> classes
        )
        {
            var samples = new List<(string, byte)>();
            var dataset = VocFolder.OpenAs(labels, path, list);
            foreach (var entry in dataset.Entries)
            {
                var counts = new int[256];
                foreach (var label in dataset.LoadMask(entry).Labels) counts[label]++;
                var most = classes.MaxBy(id => counts[id]);
                if (counts[most] > 0) samples.Add((entry.Id, (byte)most));
            }

            return samples;
        }

        public (string Folder, string Hash)? FindLabeledDataset(string path, Func<string, MatchedDataset> open)
        {
            var full = Path.GetFullPath(path, folder);
            if (!Directory.Exists(full)) return null;
            // Classes that the run does not have are reported before the work rather than after it.
            return (full, open(full).Hash());
        }

        public string? FindDataset(string path, LabelSet labels, IReadOnlyList<string> pairs)
        {
            var full = Path.GetFullPath(path, folder);
            if (!Directory.Exists(Path.Combine(full, "JPEGImages")) || !Directory.Exists(Path.Combine(full, "SegmentationClass")))
                return null;
            // Classes that the run does not have are reported before the work rather than after it.
            _ = VocFolder.OpenAs(labels, full, null, pairs);
            return full;
        }
    }
}
