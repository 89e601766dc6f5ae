using FreeMask.GrainInterfaces;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Torch;

namespace FreeMask.Pipeline;

/// <summary>The training that a run file's section <c>training</c> asks for.</summary>
internal static class SegmenterRecipe
{
    /// <summary>The folder of a bundle that holds its classification backbone.</summary>
    internal const string BackbonePart = "backbone";

    private const string SegmenterPart = "segmenter";

    /// <summary>The training of a run.</summary>
    /// <param name="spec">The run.</param>
    /// <param name="labels">Names of the classes by index.</param>
    /// <param name="seed">The seed of this training.</param>
    /// <param name="steps">Its steps.</param>
    /// <param name="folder">The starting weights; null for none.</param>
    /// <exception cref="FreeMaskException">There is no such backbone.</exception>
    internal static SegmenterTrainingRequest For(RunSpec spec, IReadOnlyList<string> labels, ulong seed, int steps, string? folder)
    {
        var training = spec.Training;
        var request = training.IsReference
            ? SegmenterTrainingRequest.Reference(labels, seed, steps) with { FreezeNormalization = folder is not null }
            : new SegmenterTrainingRequest { Labels = labels, Seed = seed, Steps = steps };
        return request with
        {
            BatchSize = training.Batch,
            Accumulation = training.Accumulation,
            LearningRate = training.LearningRate,
            CheckpointEvery = training.CheckpointSteps,
            Threads = spec.Execution.TrainingThreads,
            Size = training.Size ?? request.Size,
            Augmentation = AugmentationOf(training.Augmentation) ?? request.Augmentation,
            InitialFolder = folder,
            StartShare = training.StartShare,
            Precision = MixedPrecision.Parse(training.Precision),
            Config = ConfigOf(training, labels, folder),
        };
    }

    /// <summary>The part of the bundle whose weights a training starts from; null where it starts from a folder, or from nothing.</summary>
    internal static string? PartOf(TrainingSpec training) => training switch
    {
        { InitFolder: not null } or { Init: "none" } => null,
        { Init: "bundle" } => SegmenterPart,
        _ => BackbonePart,
    };

    /// <summary>The model; null for that of the starting weights, or the small one. Weights of a classifier bring their own
    /// backbone.</summary>
    private static Mask2FormerConfig? ConfigOf(TrainingSpec training, IReadOnlyList<string> labels, string? folder)
    {
        if (folder is not null && CheckpointFolder.KindOf(folder) == "mask2former") return null;
        if (training.IsReference) return new() { Labels = labels, Backbone = PublicBackbone.Of(training.Backbone).Config };
        return training.Backbone is { } named && folder is null
            ? Mask2FormerConfig.Small(labels) with { Backbone = PublicBackbone.Of(named).Config }
            : null;
    }

    /// <summary>The augmentation of a name; null for that of the recipe.</summary>
    /// <exception cref="FreeMaskException">There is no such augmentation.</exception>
    internal static SegmenterAugmentation? AugmentationOf(string? name) =>
        name switch
        {
            null => null,
            "none" => SegmenterAugmentation.None,
            "small" => SegmenterAugmentation.Small,
            "splicing" => SegmenterAugmentation.Splicing,
            "style" => SegmenterAugmentation.Style,
            "reference" => SegmenterAugmentation.Reference,
            _ => throw new FreeMaskException(
                $"There is no augmentation '{name}'; there are none, small, splicing, style and reference."
            ),
        };
}
