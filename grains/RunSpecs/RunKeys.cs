using System.Collections.Immutable;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Vision;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using static FreeMask.Grains.RunSpecs.RunKeyRange;

namespace FreeMask.Grains.RunSpecs;

/// <summary>
/// Every key of a run file, in the order in which one is written. The reader and the writer of run files, <see cref="RunSpecValidator"/>,
/// the JSON schema and the tables of <c>docs/run-files.md</c> follow this table. A key is named after the property of <see cref="RunSpec"/>
/// that it sets, and the initial value of that property is its default.
/// </summary>
internal static class RunKeys
{
    /// <summary>The rows.</summary>
    public static ImmutableArray<RunKey> All { get; } =
    [
        new(run => run.Name, "The name that people call the run. Its id is made from it.")
        {
            DefaultDescription = "the name of the file",
            MaxLength = 60,
            Remedy = "give the run a name",
        },
        new(run => run.Seed, "The seed of all random numbers: the same file makes the same data set."),
        new(run => run.Preset, "Other defaults for the keys that the file leaves out (docs/method.md).")
        {
            Words = [new("paper", "as the paper: attention of all layers and timesteps, AffinityNet, dense CRF, IoU as score")],
            DefaultDescription = "the defaults of this table",
        },
        new(run => run.Classes, "The classes to make, by their names in the label set. Samples are divided evenly among them.")
        {
            IsRequired = true,
            MinItems = 1,
            Shorthand = new("all", "every class of the label set"),
            Remedy = "name at least one class, such as cat",
        },
        new(run => run.Labels, "The label set: what classes there are, their ids, colors and words (docs/label-sets.md).")
        {
            Words =
            [
                .. LabelSet.BuiltIn.Select(name => new RunKeyWord(name)),
                new(LabelSet.OwnName, "the classes of the run, in their order"),
            ],
            AcceptsOtherText = true,
            DefaultDescription = "voc, or own where PASCAL VOC lacks one of the classes",
            Remedy = "name a label set, such as voc, or its file",
        },
        new(
            run => run.Backgrounds,
            "Scenes that a prompt may name, one for each sample. They also decide which objects fit into an image."
        ),
        new(run => run.Rounds, "Rounds of generating, scoring, selecting and training.") { Range = Closed(1, 1000), Unit = "rounds" },
        new(run => run.SamplesPerRound, "Samples in each round, over all classes; by default all images of a source of kind folder.")
        {
            Range = Closed(1, 10_000_000),
            Unit = "samples",
        },
        new(run => run.KeepRatio, "The fraction of each group (scoring.strata) that selection keeps: ceil(keepRatio x n) of n samples.")
        {
            Range = LeftOpen(0, 1),
            Unit = "fraction",
            Remedy = "0.7 keeps the best 70 % of each class",
        },
        new(
            run => run.Model,
            "The model bundle: the name of one that ships, or a folder in the layout of public Stable Diffusion ONNX exports."
        )
        {
            Words = [new("mini", "the small bundle that ships")],
            AcceptsOtherText = true,
            Remedy = "name a model bundle, such as mini, or its folder",
        },
        new(run => run.Source.Kind, "Where images and masks come from.")
        {
            Words =
            [
                new("diffusion", "the diffusion model generates images, and its attention gives the masks"),
                new("folder", "images and masks are read from a folder"),
            ],
        },
        new(
            run => run.Source.Path,
            "The folder of images with masks, in PASCAL VOC layout. Only for a source of kind folder, which requires it."
        ),
        new(run => run.Source.List, "A list in ImageSets/Segmentation of that folder, which names the images to use.")
        {
            DefaultDescription = "all images with a mask",
        },
        new(run => run.Generation.Steps, "Denoising steps of the sampler. The default of a distilled model is its own.")
        {
            Range = Closed(1, 1000),
            Unit = "steps",
        },
        new(
            run => run.Generation.Guidance,
            "The scale of classifier-free guidance; 1 or less turns guidance off. The default of a distilled model is its own."
        )
        {
            Range = Closed(0, 50),
        },
        new(run => run.Generation.Scheduler, "The sampler.")
        {
            Words = [.. SchedulerFile.SamplerNames.Select(name => new RunKeyWord(name))],
            DefaultDescription = "the bundle's own",
        },
        new(run => run.Generation.Width, "The width of images.")
        {
            Range = Closed(64, 4096),
            MultipleOf = 8,
            Unit = "pixels",
            DefaultDescription = "the bundle's own",
        },
        new(run => run.Generation.Height, "The height of images.")
        {
            Range = Closed(64, 4096),
            MultipleOf = 8,
            Unit = "pixels",
            DefaultDescription = "the bundle's own",
        },
        new(
            run => run.Generation.Prompts,
            "Templates of prompts, one for each sample, with {class} or {a class}, and {background} or {in background}."
        )
        {
            MinItems = 1,
            Remedy = "give at least one template, such as 'a photo of {a class}'",
        },
        new(
            run => run.Generation.Subclasses,
            "Whether the words of the class are those of one of its kinds, such as labrador dog, drawn for each sample."
        )
        {
            DefaultDescription = "true for a label set from a file, false for the others",
        },
        new(run => run.Generation.NegativePrompt, "What images must not show."),
        new(run => run.Generation.Batch, "Images that are generated in one batch.") { Range = Closed(1, 256), Unit = "images" },
        new(run => run.Mask.Preset, "How attention maps are combined into a map of the object.")
        {
            Words =
            [
                new("freemask", "cross-attention, sharpened by self-attention"),
                new("daam", "as in the paper of this name"),
                new("diffumask", "as in the paper of this name"),
                new("dataset-diffusion", "as in the paper of this name"),
            ],
        },
        new(run => run.Mask.Refinement, "How the edges of a map are refined, after a color model that always comes first.")
        {
            FormerName = "cleanup",
            Words =
            [
                new("default", "pamr, with every preset"),
                new("none", "nothing more"),
                new("pamr", "pixel-adaptive refinement by the colors of the neighborhood"),
                new("guided", "guided filter"),
                new("crf", "dense conditional random field"),
            ],
        },
        new(run => run.Mask.Threshold, "A fixed threshold on the normalized map.")
        {
            Range = Open(0, 1),
            DefaultDescription = "chosen for each image",
            Remedy = "leave it out to choose one for each image",
        },
        new(
            run => run.Mask.IgnoreBand,
            "Half the width, in values of the map, of the band around the threshold that is labeled 255 (ignore); 0 for no band."
        )
        {
            Range = Closed(0, 0.5),
        },
        new(run => run.Mask.MinArea, "The smallest fraction of the image that an object may cover.")
        {
            Range = Closed(0, 1),
            Unit = "fraction",
        },
        new(run => run.Mask.MaxArea, "The largest fraction of the image that an object may cover.")
        {
            Range = Closed(0, 1),
            Unit = "fraction",
        },
        new(run => run.Mask.MaxBorder, "The largest fraction of the image's border that an object may cover.")
        {
            Range = Closed(0, 1),
            Unit = "fraction",
        },
        new(run => run.Mask.MinConfidence, "The smallest confidence of an accepted mask.") { Range = Closed(0, 1) },
        new(run => run.Mask.Batch, "Masks that are made in one batch.") { Range = Closed(1, 256), Unit = "masks" },
        new(run => run.Mask.Affinity, "The folder of an affinity model (freemask train affinity) whose random walk refines the maps.")
        {
            DefaultDescription = "none",
        },
        new(run => run.Composition.MultiShare, "The fraction of samples that get objects of other samples pasted in.")
        {
            Range = Closed(0, 1),
            Unit = "fraction",
        },
        new(
            run => run.Composition.BothShare,
            "Of a round's images, the fraction that is used twice: as it is, and with objects pasted in. samplesPerRound counts both uses; "
                + "multiShare holds for the other images."
        )
        {
            Range = Closed(0, 1),
            Unit = "fraction",
        },
        new(run => run.Composition.MaxObjects, "The most objects in an image, its own included.")
        {
            Range = Closed(1, 20),
            Unit = "objects",
        },
        new(
            run => run.Composition.Thesaurus,
            "The file of a thesaurus (freemask thesaurus build), which says what objects fit a background."
        )
        {
            DefaultDescription = "the one that ships",
        },
        new(
            run => run.Composition.ThesaurusThreshold,
            "The least normalized co-occurrence with the background of a class that may be pasted."
        )
        {
            Range = Closed(0, 1),
        },
        new(
            run => run.Composition.Placement,
            "What chooses places for pasted objects. A folder holds a model of 'freemask train placement', or a public FOPA in ONNX."
        )
        {
            Words =
            [
                new("rules", "what a class rests on, its real size, and how far it covers others"),
                new("bundle", "the bundle's placement model; an error where it ships none"),
            ],
            AcceptsOtherText = true,
            Remedy = "write rules, bundle, or the folder of a placement model",
        },
        new(run => run.Composition.Donors, "Which samples of a round objects are cut from.")
        {
            Words =
            [
                new(DonorChoices.All, "all of them"),
                new(
                    DonorChoices.Judged,
                    "the best keepRatio of each class of those that keep their single object, scored before the others are composed"
                ),
            ],
        },
        new(run => run.Harmonization.Enabled, "Whether the colors of pasted objects are matched to the image around them."),
        new(run => run.Harmonization.Strength, "How far the colors are moved; 1 is all the way.") { Range = Closed(0, 1) },
        new(
            run => run.Harmonization.Model,
            "What chooses the colors of pasted objects. A folder holds a model of 'freemask train harmonizer', or a public one in ONNX."
        )
        {
            Words =
            [
                new("bundle", "the bundle's harmonizer, or the rule where it ships none"),
                new("rule", "gated transfer of color statistics"),
            ],
            AcceptsOtherText = true,
            Remedy = "write bundle, rule, or the folder of a harmonizer",
        },
        new(run => run.Harmonization.Sharpness, "What happens to pasted objects that are sharper than the image around them.")
        {
            Words = [new("keep", "nothing"), new("match", "they are blurred until both are alike")],
        },
        new(run => run.Scoring.Segmenter, "The folder of an ONNX segmenter (model.onnx, card.json) that scores the samples of every round.")
        {
            DefaultDescription = "segmenters that the run trains",
        },
        new(
            run => run.Scoring.ClassMap,
            "Classes of that segmenter whose names differ, such as rider=person. Names that mean the same are matched without it."
        ),
        new(run => run.Scoring.Folds, "Folds of the first round: each sample is scored by a model that was trained on the other folds.")
        {
            Range = Closed(2, 20),
            Unit = "folds",
        },
        new(run => run.Scoring.FoldSteps, "Training steps of the model of a fold.")
        {
            Range = Closed(1, 10_000_000),
            Unit = "steps",
            DefaultDescription = "training.steps",
        },
        new(
            run => run.Scoring.Criterion,
            "The score: how the prediction of a segmenter that was not trained on the sample agrees with its label map."
        )
        {
            Words =
            [
                new(ScoreCriteria.IoU, "mean IoU over the classes of the label map, as in the paper"),
                new(ScoreCriteria.Mask, "IoU of all objects together, without regard to classes"),
                new(ScoreCriteria.MaskAndClass, "the product of that and of the fraction of object pixels whose class is right"),
                new(ScoreCriteria.WorstObject, "the IoU of the object that agrees least, without regard to classes"),
            ],
        },
        new(run => run.Scoring.Strata, "The groups of samples of which selection keeps the best.")
        {
            Words =
            [
                new(SelectionStrata.Class, "the samples of a class"),
                new(SelectionStrata.Objects, "the samples of a class with one, with two, and with three or more objects"),
            ],
        },
        new(run => run.Scoring.Batch, "Images that are scored in one batch.") { Range = Closed(1, 256), Unit = "images" },
        new(run => run.Training.Steps, "Optimizer steps of the training of a round.") { Range = Closed(1, 10_000_000), Unit = "steps" },
        new(run => run.Training.Batch, "Images in an optimizer step.") { Range = Closed(1, 1024), Unit = "images" },
        new(run => run.Training.LearningRate, "The learning rate of new layers. The default of the reference recipe is 0.0001.")
        {
            Range = LeftOpen(0, 1),
        },
        new(run => run.Training.Init, "The weights that the segmenter starts from.")
        {
            Words =
            [
                new("bundle", "the bundle's segmenter"),
                new("backbone", "the bundle's classification backbone"),
                new("imagenet", "the backbone of a public classifier, which 'freemask models pull imagenet-resnet18' fetches"),
                new("none", "random weights"),
            ],
            AcceptsOtherText = true,
            Remedy = "name the start, such as bundle, or the folder of a model",
        },
        new(run => run.Training.Backbone, "The backbone of imagenet, or of random weights with the reference recipe.")
        {
            Words =
            [
                new("resnet-18"),
                new("resnet-50"),
                new("swin-tiny"),
                new("swin-small"),
                new("swin-base"),
                new("swin-large"),
            ],
            DefaultDescription = "resnet-18",
        },
        new(run => run.Training.Recipe, "The model and how it is trained.")
        {
            Words =
            [
                new("small", "the small model at 128 pixels"),
                new("reference", "Mask2Former and its own recipe at 512 pixels"),
            ],
            DefaultDescription = "small for the bundle's weights and none, reference for others",
        },
        new(run => run.Training.Size, "The side of the training's crops and of the model's input.")
        {
            Range = Closed(32, 4096),
            MultipleOf = 32,
            Unit = "pixels",
            DefaultDescription = "that of the recipe",
        },
        new(run => run.Training.Accumulation, "Batches whose gradients a step averages: large batches in little memory.")
        {
            Range = Closed(1, 1024),
            Unit = "batches",
        },
        new(run => run.Training.Augmentation, "How images are changed at random before the model sees them.")
        {
            Words =
            [
                new("none", "not at all"),
                new("small", "flipped, scaled by up to 1.35, shifted and recolored"),
                new("splicing", "as small, and half of them put together from two to nine images, as DiffuMask does"),
                new("style", "as small, after each class got colors of its own; some images are blurred, sharpened or posterized"),
                new("reference", "as Mask2Former: scaled by 0.5 to 2, cropped, flipped and recolored"),
            ],
            DefaultDescription = "that of the recipe",
        },
        new(
            run => run.Training.StartShare,
            "The part of the starting weights in the final ones: trained weights are averaged with those of the segmenter that they "
                + "started from, which keeps what it knows of images unlike the samples."
        )
        {
            Range = Closed(0, 0.95),
        },
        new(run => run.Training.Precision, "The precision in which a training multiplies; weights and optimizer always have 32 bits.")
        {
            Words =
            [
                new("fp32", "32-bit floats"),
                new("bf16", "bfloat16 (mixed precision): for GPUs with tensor cores; on processors it is slower"),
            ],
        },
        new(run => run.Training.CheckpointSteps, "Steps between two checkpoints, which is the most that an interruption loses.")
        {
            Range = Closed(1, 10_000_000),
            Unit = "steps",
        },
        new(run => run.Training.Real, "The folder of a data set whose images every training sees besides the samples.")
        {
            DefaultDescription = "none",
        },
        new(run => run.Training.RealPart, "The part of that data set, such as train.")
        {
            DefaultDescription = "train where there is such a part, else everything",
        },
        new(run => run.Training.RealShare, "The fraction of the images of a training that are real; 1 leaves the samples out.")
        {
            Range = LeftOpen(0, 1),
            Unit = "fraction",
            DefaultDescription = "each real image once",
        },
        new(
            run => run.Training.RealClassMap,
            "Classes of that data set whose names differ, such as rider=person; '*=background' stands for all others, 'ignore' for none."
        ),
        new(
            run => run.Trainer.Command,
            "The program that trains the segmenter, and its arguments; the path of the job file is added (docs/trainers.md)."
        )
        {
            DefaultDescription = "the built-in training",
        },
        new(run => run.Trainer.Size, "The side of the input of the model that the program trains.")
        {
            Range = Closed(32, 4096),
            MultipleOf = 32,
            Unit = "pixels",
            DefaultDescription = "the longer side of the images, rounded up to a multiple of 32",
        },
        new(run => run.Trainer.ValidationShare, "The fraction of the samples that the program gets as validation part.")
        {
            Range = Closed(0, 0.5),
            Unit = "fraction",
        },
        new(run => run.Trainer.MaxSilence, "How long the program may send no message before it is ended.")
        {
            Range = Closed(1, 86_400),
            Unit = "seconds",
        },
        new(run => run.Evaluation.Dataset, "What the trained segmenters are evaluated on.")
        {
            Words = [new("heldout", "the held-out images of the bundle"), new("none", "nothing")],
            AcceptsOtherText = true,
            Remedy = "write heldout, none, or the folder of a data set",
        },
        new(run => run.Evaluation.Layout, "The layout of that data set.")
        {
            Words = [.. LabeledDataset.Formats.Select(format => new RunKeyWord(format))],
            DefaultDescription = "recognized",
        },
        new(run => run.Evaluation.Part, "The part of that data set, such as val.")
        {
            DefaultDescription = "val where there is such a part; all images in layout voc",
        },
        new(
            run => run.Evaluation.ClassMap,
            "Classes of that data set whose names differ, such as rider=person; '*=background' stands for all others, 'ignore' for none."
        ),
        new(run => run.Evaluation.Protocol, "Which classes are counted.")
        {
            Words =
            [
                new(EvaluationProtocol.All, "those of the label set, and background"),
                new(
                    EvaluationProtocol.ZeroShot,
                    "the same; the classes of the run, which only samples show, are compared with those of training.real"
                ),
                new(EvaluationProtocol.HumanVehicle, "human and vehicle, merged from Cityscapes' classes; all else is background"),
                new(EvaluationProtocol.BusCarPerson, "bus, car and person; all else is background"),
                new(EvaluationProtocol.Classes, "those of the run; all else is background"),
            ],
        },
        new(
            run => run.Evaluation.Transfer,
            "The folder of a second data set, of another domain, that segmenters are measured on by the same protocol."
        )
        {
            DefaultDescription = "none",
        },
        new(run => run.Evaluation.TransferPart, "The part of the second data set.")
        {
            DefaultDescription = "val where there is such a part; all images in layout voc",
        },
        new(run => run.Evaluation.TransferClassMap, "Classes of the second data set whose names differ, as in evaluation.classMap."),
        new(
            run => run.Execution.MaxAttempts,
            "How often a sample is tried before it is quarantined; rejected masks and faults count alike."
        )
        {
            Range = Closed(1, 100),
            Unit = "attempts",
        },
        new(run => run.Execution.Window, "Samples in flight for each shard; 0 for twice the batch of the devices.")
        {
            Range = Closed(0, 100_000),
            Unit = "samples",
        },
        new(run => run.Execution.ShardSize, "Samples in a shard.") { Range = Closed(1, 10_000), Unit = "samples" },
        new(run => run.Execution.TrainingThreads, "Threads of a training. The trained models depend on it.")
        {
            Range = Closed(1, 1024),
            Unit = "threads",
        },
        new(
            run => run.Execution.MixedArithmetic,
            "Whether silos with other processors, library versions or kinds of device may work for the run too; the data set then "
                + "depends on them."
        ),
    ];

    /// <summary>What the keys of each section are about.</summary>
    public static ImmutableDictionary<string, string> Sections { get; } = new Dictionary<string, string>
    {
        ["source"] = "Where images and masks come from.",
        ["generation"] = "How images are generated.",
        ["mask"] = "How attention becomes a label map.",
        ["composition"] = "How objects of other samples are pasted in.",
        ["harmonization"] = "How pasted objects are matched to the image around them.",
        ["scoring"] = "How samples are scored.",
        ["training"] = "How the segmenter is trained.",
        ["trainer"] = "A program of your own that trains the segmenter in place of the built-in training.",
        ["evaluation"] = "How the trained segmenter is evaluated.",
        ["execution"] = "How the work is distributed and computed.",
    }.ToImmutableDictionary();

    /// <summary>The row of a key.</summary>
    /// <exception cref="KeyNotFoundException">There is no such key.</exception>
    public static RunKey Of(string path) =>
        All.FirstOrDefault(key => key.Path == path) ?? throw new KeyNotFoundException($"There is no key '{path}'.");
}
