using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>
/// Everything that a run file says: what to make, how, and how much. Immutable; together with the model bundle it decides every byte of
/// the data set, except most of <see cref="Execution"/>, which decides how fast.
/// </summary>
[GenerateSerializer, Immutable, Alias("freemask.RunSpec")]
public sealed record RunSpec
{
    /// <summary>The run's name as people read it, such as <c>quickstart</c>.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>The seed of all randomness. Default 1.</summary>
    [Id(1)] public ulong Seed { get; init; } = 1;

    /// <summary>The classes to make, by PASCAL VOC name; samples are dealt to them evenly.</summary>
    [Id(2)] public required ImmutableArray<string> Classes { get; init; }

    /// <summary>Scene words that a prompt may name, one drawn per sample. Empty: prompts name no background.</summary>
    [Id(3)] public ImmutableArray<string> Backgrounds { get; init; } = [];

    /// <summary>How many rounds of generate, judge, select, train. Default 2.</summary>
    [Id(4)] public int Rounds { get; init; } = 2;

    /// <summary>Samples in each round, over all classes. Default 40.</summary>
    [Id(5)] public int SamplesPerRound { get; init; } = 40;

    /// <summary>The share of each class that selection keeps, in (0, 1]; ceil(ratio x n) samples stay. Default 0.7.</summary>
    [Id(6)] public double KeepRatio { get; init; } = 0.7;

    /// <summary>The model bundle: a name that FreeMask knows (<c>mini</c>) or a folder in the layout of public ONNX exports. Default <c>mini</c>.</summary>
    [Id(7)] public string Model { get; init; } = "mini";

    /// <summary>How images are drawn.</summary>
    [Id(8)] public GenerationSpec Generation { get; init; } = new();

    /// <summary>How attention becomes a label map.</summary>
    [Id(9)] public MaskSpec Mask { get; init; } = new();

    /// <summary>How objects of other samples are pasted in.</summary>
    [Id(10)] public CompositionSpec Composition { get; init; } = new();

    /// <summary>How pasted objects are matched to their surroundings.</summary>
    [Id(11)] public HarmonizationSpec Harmonization { get; init; } = new();

    /// <summary>How samples are judged.</summary>
    [Id(12)] public ScoringSpec Scoring { get; init; } = new();

    /// <summary>How the segmenter is trained.</summary>
    [Id(13)] public TrainingSpec Training { get; init; } = new();

    /// <summary>What the trained segmenter is measured on.</summary>
    [Id(14)] public EvaluationSpec Evaluation { get; init; } = new();

    /// <summary>How the work is spread and computed.</summary>
    [Id(15)] public ExecutionSpec Execution { get; init; } = new();

    /// <summary>Where images and masks come from.</summary>
    [Id(16)] public SourceSpec Source { get; init; } = new();
}

/// <summary>Where images and masks come from: drawn by the diffusion model, or the user's own.</summary>
[GenerateSerializer, Immutable, Alias("freemask.SourceSpec")]
public sealed record SourceSpec
{
    /// <summary><c>diffusion</c> draws images and masks them by attention; <c>folder</c> takes images with masks as they are. Default <c>diffusion</c>.</summary>
    [Id(0)] public string Kind { get; init; } = "diffusion";

    /// <summary>The folder, in PASCAL VOC layout; empty where images are drawn. Every silo reads it under this path.</summary>
    [Id(1)] public string Path { get; init; } = "";

    /// <summary>The list of ImageSets/Segmentation to take; null for all images with masks.</summary>
    [Id(2)] public string? List { get; init; }

    /// <summary>The images to take, in order: sample i of round r is image r x samplesPerRound + i.</summary>
    [Id(3)] public ImmutableArray<string> Images { get; init; } = [];

    /// <summary>The class that each image counts for, 1-20: of the run's classes the one with most pixels.</summary>
    [Id(4)] public ImmutableArray<byte> Classes { get; init; } = [];

    /// <summary>Whether samples come from a folder.</summary>
    public bool IsFolder => Kind == "folder";
}

/// <summary>How images are drawn.</summary>
[GenerateSerializer, Immutable, Alias("freemask.GenerationSpec")]
public sealed record GenerationSpec
{
    /// <summary>Denoising steps. Default 25.</summary>
    [Id(0)] public int Steps { get; init; } = 25;

    /// <summary>Classifier-free guidance scale; 1 or less turns it off. Default 3.</summary>
    [Id(1)] public double Guidance { get; init; } = 3;

    /// <summary>The sampler (<c>ddim</c>, <c>pndm</c>, <c>euler</c>, <c>euler-ancestral</c>, <c>dpm++2m</c>, <c>dpm++2m-karras</c>, <c>lcm</c>, <c>unipc</c>, <c>deis</c>, <c>heun</c>, <c>lms</c>, <c>tcd</c>); null takes the bundle's own.</summary>
    [Id(2)] public string? Scheduler { get; init; }

    /// <summary>Image width in pixels; null takes the bundle's own.</summary>
    [Id(3)] public int? Width { get; init; }

    /// <summary>Image height in pixels; null takes the bundle's own.</summary>
    [Id(4)] public int? Height { get; init; }

    /// <summary>
    /// Prompt templates, one drawn per sample. <c>{class}</c> stands for the words of the class, <c>{a class}</c> for the same with its
    /// article, <c>{background}</c> for the scene words, <c>{in background}</c> for the same with "in" before them unless they begin with a preposition. A template
    /// with a background is used only where the run names backgrounds.
    /// </summary>
    [Id(5)] public ImmutableArray<string> Prompts { get; init; } = ["a photo of {a class}", "a photo of {a class} {in background}"];

    /// <summary>What the image must not show; empty for nothing.</summary>
    [Id(6)] public string NegativePrompt { get; init; } = "";

    /// <summary>Images drawn in one batch. Default 8.</summary>
    [Id(7)] public int Batch { get; init; } = 8;
}

/// <summary>How attention becomes a label map.</summary>
[GenerateSerializer, Immutable, Alias("freemask.MaskSpec")]
public sealed record MaskSpec
{
    /// <summary>How attention maps are combined: <c>freemask</c>, <c>daam</c>, <c>diffumask</c> or <c>dataset-diffusion</c>. Default <c>freemask</c>.</summary>
    [Id(0)] public string Preset { get; init; } = "freemask";

    /// <summary>The edge-aware clean-up: <c>default</c> (PAMR), <c>none</c>, <c>pamr</c>, <c>guided</c> or <c>crf</c>.</summary>
    [Id(1)] public string Cleanup { get; init; } = "default";

    /// <summary>A fixed threshold in (0, 1) on the normalised map; null chooses one per image.</summary>
    [Id(2)] public double? Threshold { get; init; }

    /// <summary>Half the width, in map units, of the band around the threshold that becomes 255 (ignore). Default 0.2; 0 for none.</summary>
    [Id(3)] public double IgnoreBand { get; init; } = 0.2;

    /// <summary>Smallest share of the image that an object may cover. Default 0.015.</summary>
    [Id(4)] public double MinArea { get; init; } = 0.015;

    /// <summary>Largest share of the image that an object may cover. Default 0.9.</summary>
    [Id(5)] public double MaxArea { get; init; } = 0.9;

    /// <summary>Smallest confidence in [0, 1] of an accepted mask. Default 0.7.</summary>
    [Id(6)] public double MinConfidence { get; init; } = 0.7;

    /// <summary>Masks made in one batch. Default 8.</summary>
    [Id(7)] public int Batch { get; init; } = 8;

    /// <summary>The folder of an affinity model (<c>train affinity</c>) whose random walk refines the maps; null for none. Every silo reads it under this path.</summary>
    [Id(8)] public string? Affinity { get; init; }

    /// <summary>The sha256 of its weights; null where <see cref="Affinity"/> is.</summary>
    [Id(9)] public string? AffinityHash { get; init; }
}

/// <summary>How objects of other samples are pasted in.</summary>
[GenerateSerializer, Immutable, Alias("freemask.CompositionSpec")]
public sealed record CompositionSpec
{
    /// <summary>Share of the samples that get objects pasted in; the others keep their single object. Default 0.5.</summary>
    [Id(0)] public double MultiShare { get; init; } = 0.5;

    /// <summary>Most objects in an image, its own included. Default 3.</summary>
    [Id(1)] public int MaxObjects { get; init; } = 3;

    /// <summary>Least normalised co-occurrence with the background, in [0, 1], of a class that may be pasted. Default 0.03.</summary>
    [Id(2)] public double ThesaurusThreshold { get; init; } = 0.03;
}

/// <summary>How pasted objects are matched to their surroundings.</summary>
[GenerateSerializer, Immutable, Alias("freemask.HarmonizationSpec")]
public sealed record HarmonizationSpec
{
    /// <summary>False pastes objects as they are. Default true.</summary>
    [Id(0)] public bool Enabled { get; init; } = true;

    /// <summary>How far colours move, in [0, 1]. Default 1.</summary>
    [Id(1)] public double Strength { get; init; } = 1;
}

/// <summary>How samples are judged.</summary>
[GenerateSerializer, Immutable, Alias("freemask.ScoringSpec")]
public sealed record ScoringSpec
{
    /// <summary>Folds of round 0: each sample is judged by a model trained on the other folds. Default 2.</summary>
    [Id(0)] public int Folds { get; init; } = 2;

    /// <summary>Training steps of a fold's model; null takes <see cref="TrainingSpec.Steps"/>.</summary>
    [Id(1)] public int? FoldSteps { get; init; }

    /// <summary>Images judged in one batch. Default 8.</summary>
    [Id(2)] public int Batch { get; init; } = 8;

    /// <summary>The folder of a segmenter of the user's own (<c>model.onnx</c>, <c>card.json</c>) that judges every round; null: the run's own segmenters judge.</summary>
    [Id(3)] public string? Segmenter { get; init; }

    /// <summary>Classes of <see cref="Segmenter"/> whose names differ: <c>rider=person</c>. Names that mean the same are matched by themselves.</summary>
    [Id(4)] public ImmutableArray<string> ClassMap { get; init; } = [];
}

/// <summary>How the segmenter is trained.</summary>
[GenerateSerializer, Immutable, Alias("freemask.TrainingSpec")]
public sealed record TrainingSpec
{
    /// <summary>Optimiser steps of a round's training. Default 300.</summary>
    [Id(0)] public int Steps { get; init; } = 300;

    /// <summary>Images in an optimiser step. Default 16.</summary>
    [Id(1)] public int Batch { get; init; } = 16;

    /// <summary>Learning rate of new layers. Default 1e-3.</summary>
    [Id(2)] public double LearningRate { get; init; } = 1e-3;

    /// <summary>Starting weights: <c>bundle</c> (the bundle's segmenter), <c>backbone</c> (its classification backbone alone) or <c>none</c>. Default <c>bundle</c>.</summary>
    [Id(3)] public string Init { get; init; } = "bundle";

    /// <summary>Steps between checkpoints, which is the most that an interruption loses. Default 50.</summary>
    [Id(4)] public int CheckpointSteps { get; init; } = 50;
}

/// <summary>What the trained segmenter is measured on.</summary>
[GenerateSerializer, Immutable, Alias("freemask.EvaluationSpec")]
public sealed record EvaluationSpec
{
    /// <summary><c>heldout</c> (what the bundle ships), <c>none</c>, or the path of a data set in PASCAL VOC layout. Default <c>heldout</c>.</summary>
    [Id(0)] public string Dataset { get; init; } = "heldout";
}

/// <summary>How the work is spread and computed. The data set depends on <see cref="TrainingThreads"/>, and on who does what where <see cref="MixedArithmetic"/> is set.</summary>
[GenerateSerializer, Immutable, Alias("freemask.ExecutionSpec")]
public sealed record ExecutionSpec
{
    /// <summary>How often a sample may be tried before it is quarantined: rejected masks and faults each count against this number. Default 5.</summary>
    [Id(0)] public int MaxAttempts { get; init; } = 5;

    /// <summary>Samples in flight per shard; 0 lets the devices decide (twice their batch). Default 0.</summary>
    [Id(1)] public int Window { get; init; }

    /// <summary>Samples in a shard. Default 1000.</summary>
    [Id(2)] public int ShardSize { get; init; } = 1000;

    /// <summary>
    /// Threads of a training, whatever the number of cores: sums are taken in parts, one a thread, so that another number trains another model.
    /// Default 2.
    /// </summary>
    [Id(3)] public int TrainingThreads { get; init; } = 2;

    /// <summary>Whether silos of other processors, library versions or kinds of device may work for the run too. Default false.</summary>
    [Id(4)] public bool MixedArithmetic { get; init; }
}
