using System.Globalization;
using System.Text.Json.Nodes;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Imaging;
using FreeMask.Vision.Export;

namespace FreeMask.Client.Runs;

/// <summary>An image of a kept sample is lost and was not recomputed.</summary>
internal sealed class LostImageException(string message) : FreeMaskException(message);

/// <summary>Writes the kept samples of a run as a data set.</summary>
internal static class DatasetExport
{
    private const string Drawn =
        "Every image was drawn by a diffusion model and labeled by its attention; pasted objects keep exact outlines. "
        + "No person annotated anything. Samples were kept by how well a segmenter agreed with their labels; labels can be wrong all the "
        + "same.";

    private const string Taken =
        "The images and masks were given, objects of other images were pasted into them with exact outlines. "
        + "Samples were kept by how well a segmenter agreed with their labels; labels can be wrong all the same.";

    /// <summary>Writes the samples of every round that has been selected.</summary>
    /// <param name="run">The run.</param>
    /// <param name="format">The layout.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="overwrite">Whether it may hold files.</param>
    /// <param name="progress">Takes the number of samples written.</param>
    /// <param name="stop">Stops between samples.</param>
    /// <param name="stratum">The part to export; null for all kept samples.</param>
    /// <exception cref="FreeMaskException">No samples have been kept yet, or the folder is not empty.</exception>
    internal static async Task<ExportSummary> WriteAsync(
        RunReader run,
        IDatasetFormat format,
        string folder,
        bool overwrite,
        IProgress<int>? progress,
        CancellationToken stop,
        ExportStratum? stratum = null
    )
    {
        var kept = new Dictionary<string, SampleRecord>(StringComparer.Ordinal);
        foreach (var round in run.Status.Rounds)
            await foreach (var sample in run.SamplesAsync(round.Round, SampleState.Kept, stop))
                if (stratum?.Contains(sample) != false) kept.Add(Id(sample), sample);
        if (kept.Count == 0 && stratum is not null)
            throw new FreeMaskException($"Run '{run.Status.Run}' has kept no {stratum.Description}: there is nothing to export.");
        if (kept.Count == 0)
            throw new FreeMaskException(
                $"Run '{run.Status.Run}' has kept no sample yet: there is nothing to export before its first selection."
            );

        var items = new List<ExportItem>(kept.Count);
        foreach (var (id, sample) in kept)
        {
            var labels = await LabelsAsync(run, sample, stop);
            items.Add(new ExportItem(id, ExportSample.ClassesOf(labels))
            {
                Metadata = Metadata(sample),
                Group = sample.Plan.Drawing is { } drawing ? Id(sample.Round, drawing) : null,
            });
        }

        var source = new ExportSource(items, async (item, token) => await LoadAsync(run, kept[item.Id], token));
        return await DatasetExporter.WriteAsync(format, source, folder, Options(run, overwrite, stratum), progress, stop);
    }

    private static string Id(SampleRecord sample) => Id(sample.Round, sample.Index);

    private static string Id(int round, int index) => string.Create(CultureInfo.InvariantCulture, $"r{round + 1:00}_{index:000000}");

    private static LostImageException Lost(string what, SampleRecord sample) =>
        new(
            $"The {what} of kept sample {Id(sample)} is lost, and making it again gave something else or failed (the log says why). Run "
                + "the command where the run was made."
        );

    private static async Task<LabelMap> LabelsAsync(RunReader run, SampleRecord sample, CancellationToken stop) =>
        await run.LabelsAsync(sample, ArtifactNames.CompositeLabel, stop)
        ?? throw Lost("label map", sample);

    private static async Task<ExportSample> LoadAsync(RunReader run, SampleRecord sample, CancellationToken stop)
    {
        var image = await run.ImageAsync(sample, ArtifactNames.FinalImage, stop) ?? throw Lost("image", sample);
        var labels = await LabelsAsync(run, sample, stop);
        var instances = await run.LabelsAsync(sample, ArtifactNames.Instances, stop);
        if (instances is null) return ExportSample.FromLabels(image, labels);
        var classes = Compact(instances, labels);
        return ExportSample.Create(image, labels, instances, classes);
    }

    /// <summary>Renumbers the visible objects 1, 2, ... in place; objects that are completely hidden leave no gap.</summary>
    /// <returns>The class of each.</returns>
    internal static List<byte> Compact(LabelMap instances, LabelMap labels)
    {
        var classes = new List<byte>();
        var numbers = new byte[256];
        for (var i = 0; i < instances.Labels.Length; i++)
        {
            ref var instance = ref instances.Labels[i];
            if (instance is LabelMap.Background or LabelMap.Ignore || labels.Labels[i] is LabelMap.Background or LabelMap.Ignore) continue;
            if (numbers[instance] == 0)
            {
                classes.Add(labels.Labels[i]);
                numbers[instance] = (byte)classes.Count;
            }

            instance = numbers[instance];
        }

        return classes;
    }

    private static JsonObject Metadata(SampleRecord sample)
    {
        var metadata = new JsonObject
        {
            ["round"] = sample.Round + 1,
            ["index"] = sample.Index,
            ["class"] = sample.Plan.Class,
            [sample.Plan.Source.Length > 0 ? "source" : "prompt"] = sample.Plan.Source.Length > 0 ? sample.Plan.Source : sample.Plan.Prompt,
            ["seed"] = sample.Plan.Seed,
            ["stream"] = sample.Plan.Stream,
            ["attempt"] = sample.Attempt,
            ["score"] = sample.Score,
            ["judge"] = sample.ScoringModel,
            ["image_sha256"] = sample.Artifact(ArtifactNames.FinalImage),
            ["label_sha256"] = sample.Artifact(ArtifactNames.CompositeLabel),
        };
        if (sample.Plan.Drawing is { } drawing) metadata["drawing"] = drawing;
        return metadata;
    }

    private static ExportOptions Options(RunReader run, bool overwrite, ExportStratum? stratum)
    {
        var spec = run.Spec;
        List<KeyValuePair<string, string>> facts =
        [
            new("Run", run.Status.Run),
            new("Seed", spec.Seed.ToString(CultureInfo.InvariantCulture)),
            new("Model bundle", spec.Model),
            new(
                "Rounds",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{run.Status.Rounds.Length} of {spec.SamplesPerRound} samples, the best {100 * spec.KeepRatio:0} % of each class kept"
                )
            ),
        ];
        if (stratum is not null) facts.Add(new("Part", $"only {stratum.Description}"));
        if (ObjectCounts.Describe(run.Status.Rounds) is { } objects) facts.Add(new("Objects in a sample", objects));
        if (run.Status.ManifestHash is { } hash) facts.Add(new("Manifest hash", hash));
        return new ExportOptions
        {
            Labels = spec.LabelSet(),
            Seed = spec.Seed,
            Overwrite = overwrite,
            Title = $"{spec.Name}: synthetic segmentation data",
            Description = spec.Source.IsFolder ? Taken : Drawn,
            Facts = facts,
        };
    }
}
