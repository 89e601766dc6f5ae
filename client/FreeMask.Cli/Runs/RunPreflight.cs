using System.Globalization;
using FreeMask.Cli.Bundles;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Runs;

/// <summary>Messages about a valid run before it starts: disk and memory use, and settings without effect.</summary>
/// <param name="Notes">One or two sentences each.</param>
/// <param name="Bytes">Estimated size of the run's artifacts on disk.</param>
internal sealed record RunPreflight(IReadOnlyList<string> Notes, long Bytes)
{
    // Decoding needs two layers of 128 channels of 4 bytes.
    private const long DecodingBytesPerPixel = 1024, WorthSaying = 1L << 30;

    /// <param name="spec">A valid run.</param>
    /// <param name="bundles">For the image size of a bundle.</param>
    /// <param name="freeBytes">Free space for artifacts; null if they are on a cluster.</param>
    /// <param name="memoryBytes">Memory of this machine; null if other machines or GPUs compute.</param>
    internal static RunPreflight Of(RunSpec spec, BundleCatalog bundles, long? freeBytes, long? memoryBytes)
    {
        var side = bundles.DefaultImageSide(spec.Model);
        var pixels = (long)(spec.Generation.Width ?? side) * (spec.Generation.Height ?? side);
        var bytes = RunPlan.BytesOf(spec, bundles);
        var notes = new List<string>();
        if (bytes >= WorthSaying || bytes > freeBytes)
        {
            var space = freeBytes is { } free
                ? $"; {Size(free)} are "
                    + $"free{(bytes > free ? ", so the disk will fill up: use fewer samples, or --data on another disk" : "")}"
                : "";
            notes.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(long)spec.Rounds * spec.SamplesPerRound:#,0} samples take about {Size(bytes)} on disk{space}."
                )
            );
        }

        var decoding = pixels * spec.Generation.Batch * DecodingBytesPerPixel;
        if (!spec.Source.IsFolder && decoding > memoryBytes)
            notes.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"A batch of {spec.Generation.Batch} images needs about {Size(decoding)} of memory to decode; this machine has "
                        + $"{Size(memoryBytes.Value)}. Use a smaller generation.batch."
                )
            );
        if (Selection(spec) is { } selection) notes.Add(selection);
        if (Prompts(spec) is { } prompts) notes.Add(prompts);
        if (Head(spec, bundles) is { } head) notes.Add(head);
        if (spec is { Preset: "paper", Mask.Affinity: null, Source.IsFolder: false })
            notes.Add(
                "The paper refines masks by an AffinityNet, and this bundle ships none: 'freemask train affinity RUN' makes one from the "
                    + "samples of a first run, for mask.affinity."
            );
        notes.AddRange(new PromptNotes(bundles).Of(spec));
        return new(notes, bytes);
    }

    /// <summary>Whether the starting segmenter has other classes, and so no head for those of the run.</summary>
    private static string? Head(RunSpec spec, BundleCatalog bundles)
    {
        if (spec.Training.Init != "bundle" || bundles.Folder(spec.Model, AppContext.BaseDirectory) is not { } bundle) return null;
        var config = Path.Combine(bundle, "segmenter", CheckpointFolder.Config);
        try
        {
            if (CheckpointFolder.KindOf(Path.GetDirectoryName(config)!) != "mask2former") return null;
            var (known, wanted) = (Mask2FormerConfig.Load(config).Labels, spec.LabelSet().Names);
            return known.SequenceEqual(wanted)
                ? null
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"The segmenter to start from was trained for other classes ({known.Count} with background, this run has "
                        + $"{wanted.Count}): its class head starts anew, and there is no mIoU of the start."
                );
        }
        catch (FreeMaskException)
        {
            // The check of the starting weights reports it.
            return null;
        }
    }

    /// <summary>Selection keeps ceil(ratio x n) of each class, which for few samples is all of them.</summary>
    private static string? Selection(RunSpec spec)
    {
        if (spec.KeepRatio >= 1) return null;
        var most = Enumerable
            .Range(0, Math.Min(spec.SamplesPerRound, 100_000))
            .GroupBy(index => SamplePlanner.ClassOf(spec, 0, index), StringComparer.Ordinal)
            .Max(group => group.Count());
        return KeepRatio.Count(spec.KeepRatio, most) < most
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"keepRatio {spec.KeepRatio} drops nothing where a class has {most} sample{(most == 1 ? "" : "s")} in a round, as here: "
                    + $"the share that stays is rounded up. From {(int)Math.Floor(1 / (1 - spec.KeepRatio)) + 1} on the worst is dropped."
            );
    }

    private static string? Prompts(RunSpec spec) =>
        !spec.Source.IsFolder
        && spec.Generation.Prompts.FirstOrDefault(PromptTemplate.BringsPreposition) is { } template
        && spec.Backgrounds.FirstOrDefault(PromptTemplate.BeginsWithPreposition) is { } background
            ? $"The prompt '{PromptTemplate.Fill(template, spec.Classes[0], background)}' has two prepositions; write {{in background}} "
                + "in the template, which adds one only where it is needed."
            : null;

    private static string Size(long bytes) => bytes switch
    {
        >= 1_000_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e12:0.0} TB"),
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB"),
    };
}
