using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Pipeline;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Torch;
using FreeMask.Vision.Datasets;

namespace FreeMask.Cli.Verbs;

/// <summary>
/// <c>freemask train segmenter</c>: trains a Mask2Former on a data set in VOC, COCO or Cityscapes layout, with its own recipe or that of
/// runs.
/// </summary>
internal static class SegmenterVerb
{
    private const int SmallSteps = 3000, ReferenceSteps = 20000;

    private static readonly string[] Recipes = ["reference", "small"];

    internal static Command Create(VerbHost host)
    {
        var dataset = new Option<string>("--dataset")
        {
            Description = $"The data set to learn from, in a layout of {string.Join(", ", LabeledDataset.Formats)}.",
            Required = true,
            HelpName = "DIR",
        };
        var format = new Option<string?>("--format") { Description = "The data set's layout. Default: recognized.", HelpName = "NAME" };
        var list = new Option<string?>("--list")
        {
            Description = "The part of the data set to learn from. Default: train where there is one, else all.",
            HelpName = "NAME",
        };
        var validation = new Option<string?>("--validation")
        {
            Description = "A data set to measure the segmenter on. Default: the part val of the data set, where there is one.",
            HelpName = "DIR",
        };
        var init = new Option<string>("--init")
        {
            Description =
                "Starting weights: a checkpoint folder, imagenet (a classifier's backbone), none, bundle (the mini bundle's segmenter), "
                    + "or backbone (its backbone alone).",
            DefaultValueFactory = _ => SegmenterStart.MiniBackbone,
            HelpName = "WEIGHTS",
        };
        var backbone = new Option<string?>("--backbone")
        {
            Description =
                $"For --init imagenet or none: {string.Join(", ", PublicBackbone.All.Select(known => known.Name))}. Default: "
                    + $"{SegmenterStart.DefaultBackbone}, or with --recipe small the backbone of the small model.",
            HelpName = "NAME",
        };
        var recipe = new Option<string?>("--recipe")
        {
            Description =
                "reference (Mask2Former's own) or small (the small model and what runs use). Default: small for --init bundle or "
                    + "backbone, else reference.",
            HelpName = "NAME",
        };
        var steps = new Option<int?>("--steps")
        {
            Description = $"Optimizer steps. Default: {ReferenceSteps}, or {SmallSteps} for small.",
            HelpName = "N",
        }.Within(1, int.MaxValue);
        var batch = new Option<int>("--batch")
        {
            Description = "Images in a step.",
            DefaultValueFactory = _ => 16,
            HelpName = "N",
        }.Within(1, 1024);
        var rate = new Option<double?>("--learning-rate")
        {
            Description = "Learning rate at the start. Default: 0.0001, or 0.001 for small.",
            HelpName = "X",
        }.Share();
        var size = new Option<int?>("--size")
        {
            Description = "Side of the training crops in pixels, a multiple of 32. Default: 512, or 128 for small.",
            HelpName = "PIXELS",
        }.Within(32, 4096);
        var augmentation = new Option<string?>("--augmentation")
        {
            Description =
                "How images are changed at random: none, small, splicing, style or reference, as training.augmentation of a run file. "
                    + "Default: that of the recipe.",
            HelpName = "NAME",
        };
        var share = new Option<double>("--start-share")
        {
            Description =
                "The part of the starting segmenter's weights in the final ones, which are averaged, as training.startShare of a run "
                    + "file; 0 for none.",
            DefaultValueFactory = _ => 0,
            HelpName = "X",
        }.Within(0, 0.95);
        var precision = new Option<string>("--precision")
        {
            Description = "The precision of products: fp32, or bf16 for GPUs with tensor cores; weights always have 32 bits.",
            DefaultValueFactory = _ => "fp32",
            HelpName = "NAME",
        };
        var seed = Arguments.Seed("Names fresh weights, order, augmentation and sampled points.");
        var every = new Option<int>("--checkpoint-steps")
        {
            Description = "Steps between checkpoints.",
            DefaultValueFactory = _ => 100,
            HelpName = "N",
        }.Within(1, int.MaxValue);
        var validate = new Option<int?>("--validate-every")
        {
            Description =
                "Steps between measures on the validation images: a line each in metrics.jsonl, and the best model in the folder best. "
                    + "Default: one measure at the end.",
            HelpName = "N",
        }.Within(1, int.MaxValue);
        var output = new Option<string>("--out")
        {
            Description = "Where the segmenter and the training's checkpoint are written; the same command continues there.",
            Required = true,
            HelpName = "DIR",
        };
        return host.Handle(
            new Command("segmenter", "Train a Mask2Former on a data set; it can be stopped and continued.")
            {
                dataset,
                format,
                list,
                validation,
                init,
                backbone,
                recipe,
                steps,
                batch,
                rate,
                size,
                augmentation,
                share,
                precision,
                host.TrainingDevice,
                seed,
                every,
                validate,
                output,
            },
            async (parsed, context, stop) =>
            {
                var source = parsed.GetRequiredValue(dataset);
                var data = LabeledDataset.Open(source, parsed.GetValue(format), parsed.GetValue(list));
                var measured = Measured(source, parsed.GetValue(format), parsed.GetValue(validation), data);
                foreach (var set in measured is null ? [data] : new[] { data, measured })
                {
                    foreach (var note in set.Notes)
                        context.WriteMessage(note);
                    set.RequireClasses();
                }

                var isReference = IsReference(parsed.GetValue(recipe), parsed.GetRequiredValue(init));
                var start = await SegmenterStart.FindAsync(
                    host,
                    context,
                    parsed.GetRequiredValue(init),
                    parsed.GetValue(backbone),
                    isReference,
                    data.Labels,
                    stop
                );
                if (parsed.GetRequiredValue(init) is not (SegmenterStart.ImageNet or SegmenterStart.None))
                    Arguments.Refuse(parsed, backbone, $"is for fresh models; {start.Folder} has a backbone of its own");
                var request = Recipe(isReference, data.Labels, parsed.GetValue(seed), parsed.GetValue(steps), start);
                request = request with
                {
                    BatchSize = parsed.GetValue(batch),
                    LearningRate = parsed.GetValue(rate) ?? request.LearningRate,
                    Size = parsed.GetValue(size) ?? request.Size,
                    Augmentation = SegmenterRecipe.AugmentationOf(parsed.GetValue(augmentation)) ?? request.Augmentation,
                    StartShare = parsed.GetValue(share),
                    CheckpointEvery = parsed.GetValue(every),
                    Precision = MixedPrecision.Parse(parsed.GetRequiredValue(precision)),
                    Device = context.TrainingDevice is { } named ? TrainingDevice.Parse(named) : TrainingDevice.Processor,
                };
                var folder = OutputFolder.Make(parsed.GetRequiredValue(output));
                context.WriteMessage(
                    $"Training on {data.Count} images of {data.Root} ({data.Format}, {data.Labels.Count} classes). Ctrl-C stops after a "
                        + "checkpoint; the same command continues."
                );
                var log = Log(parsed.GetValue(validate), folder, measured, context, stop);
                await Task.Run(() => Train(request, data, folder, log, context, stop), CancellationToken.None);
                var measure = measured is null ? null : ValidationMeasure.Take(folder, measured, stop);
                if (measure is not null)
                    log?.Record(request.Steps, measure, folder);
                var best = log is null
                    ? null
                    : new
                    {
                        log.Best.Step,
                        log.Best.MIoU,
                        segmenter = log.BestFolder,
                    };
                return new(
                    new
                    {
                        segmenter = folder,
                        samples = data.Count,
                        format = data.Format,
                        request.Steps,
                        validation = measure,
                        best,
                    },
                    console =>
                    {
                        console.Profile.Out.Writer.WriteLine(folder);
                        measure?.Show(console);
                        if (best is not null)
                            console.Profile.Out.Writer.WriteLine(
                                $"best: mIoU {SegmenterMeasure.Share(best.MIoU)} after step "
                                    + $"{best.Step.ToString(CultureInfo.InvariantCulture)}, in {best.segmenter}"
                            );
                    }
                );
            }
        );
    }

    private static SegmenterTrainingRequest Recipe(
        bool isReference,
        IReadOnlyList<string> labels,
        ulong seed,
        int? steps,
        SegmenterStart start
    )
    {
        var request = isReference
            ? SegmenterTrainingRequest.Reference(labels, seed, steps ?? ReferenceSteps) with
            {
                FreezeNormalization = start.Folder is not null,
            }
            : new SegmenterTrainingRequest
            {
                Labels = labels,
                Seed = seed,
                Steps = steps ?? SmallSteps,
            };
        return request with { InitialFolder = start.Folder, Config = start.Config };
    }

    private static bool IsReference(string? recipe, string init) =>
        recipe is null ? init is not (SegmenterStart.MiniBackbone or SegmenterStart.MiniSegmenter)
        : Recipes.Contains(recipe) ? recipe == Recipes[0]
        : throw new FreeMaskException($"'{recipe}' is no recipe; there are {string.Join(", ", Recipes)}.");

    private static ValidationLog? Log(
        int? every,
        string folder,
        LabeledDataset? measured,
        CommandContext context,
        CancellationToken stop
    ) =>
        every is not { } steps ? null
        : measured is null
            ? throw new FreeMaskException("--validate-every needs images to measure on: a part val of the data set, or --validation DIR.")
        : new ValidationLog(folder, measured, steps, context, stop);

    private static void Train(
        SegmenterTrainingRequest request,
        LabeledDataset data,
        string folder,
        ValidationLog? log,
        CommandContext context,
        CancellationToken stop
    )
    {
        var checkpoint = CheckpointFile.In(folder);
        if (!checkpoint.Exists && CheckpointFolder.HasWeights(folder))
            throw new FreeMaskException($"{folder} holds a segmenter already; name another folder with --out.");
        if (!checkpoint.Exists && log is { HasMeasured: false } && Directory.Exists(log.BestFolder))
            throw new FreeMaskException(
                $"{log.BestFolder} was there before this training, which keeps its best model under that name; name another folder with "
                    + "--out, or remove it."
            );
        if (!checkpoint.Exists && File.Exists(ValidationLog.FileOf(folder)))
            throw new FreeMaskException(
                $"{ValidationLog.FileOf(folder)} is left of another training, whose checkpoint is gone; name another folder with --out, "
                    + "or remove it."
            );
        var trained = SegmenterTrainer.Train(
            request,
            new DatasetSamples(data),
            checkpoint,
            new TrainingLines(context, request.CheckpointEvery),
            stop,
            context.Time,
            log
        );
        trained.Save(folder);
        context.WriteMessage($"{request.Device}, {request.Precision.Name()}: {trained.Cost}");
        checkpoint.Remove();
    }

    private static LabeledDataset? Measured(string folder, string? format, string? validation, LabeledDataset learnt)
    {
        const string Part = "val";
        LabeledDataset? data = null;
        if (validation is not null)
            data = LabeledDataset.Open(validation, format, LabeledDataset.HasPart(validation, format, Part) ? Part : null);
        else if (LabeledDataset.HasPart(folder, format, Part))
            data = LabeledDataset.Open(folder, format, Part);
        if (data is not null && !data.Labels.SequenceEqual(learnt.Labels))
            throw new FreeMaskException(
                $"{data.Root} has other classes ({string.Join(", ", data.Labels.Take(4))}, ...) than {learnt.Root} "
                    + $"({string.Join(", ", learnt.Labels.Take(4))}, ...); it cannot measure what is learnt there."
            );
        return data;
    }
}
