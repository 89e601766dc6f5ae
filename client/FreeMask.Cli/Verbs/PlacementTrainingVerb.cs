using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Hub;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.Tensors;
using FreeMask.Training.Mini.Art;
using FreeMask.Training.Placement;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask train placement</c>: learns where objects stand, and how large, from images with masks.</summary>
internal static class PlacementTrainingVerb
{
    internal static Command Create(VerbHost host)
    {
        var scenes = new Option<int>("--scenes")
        {
            Description =
                "Learn from so many rendered scenes of the mini bundle's art in place of images: each is rendered with and without its "
                    + "object, so that nothing shows where that was.",
            HelpName = "N",
        }.Within(100, 1_000_000);
        var art = Arguments.Art();
        var init = new Option<string>("--init")
        {
            Description =
                $"Starting weights of the encoders: {PlacementTrainer.ImageNet} ('freemask models pull {ImageNetPackage.Name}' fetches "
                    + $"them), a folder with such a ResNet-18, or {PlacementTrainer.None}.",
            DefaultValueFactory = _ => PlacementTrainer.ImageNet,
            HelpName = "WEIGHTS",
        };
        var defaults = new PlacementTrainingRequest();
        var training = new ObjectTraining(defaults.Steps, defaults.LearningRate, defaults.CheckpointEvery);
        var batch = new Option<int>("--batch")
        {
            Description = "Samples in a step.",
            DefaultValueFactory = _ => defaults.BatchSize,
            HelpName = "N",
        }.Within(2, 1024);
        var size = new Option<int>("--size")
        {
            Description = "Side of the network's inputs in pixels, a multiple of 32.",
            DefaultValueFactory = _ => defaults.Size,
            HelpName = "PIXELS",
        }.Within(32, 512);
        var width = new Option<int>("--width")
        {
            Description = $"Channels of the encoders' stems, for --init {PlacementTrainer.None}.",
            DefaultValueFactory = _ => defaults.Width,
            HelpName = "N",
        }.Within(1, 256);
        var mimic = new Option<double>("--mimic")
        {
            Description = $"Weight of the feature mimicking; none with --init {PlacementTrainer.None}.",
            DefaultValueFactory = _ => defaults.MimicWeight,
            HelpName = "X",
        };
        var seed = Arguments.Seed("Names the initial weights, the samples, and the images that are held out or the scenes.");
        training.Dataset.Required = false;
        return host.Handle(
            new Command(
                "placement",
                "Learn from images with masks, or from rendered scenes, where objects may be pasted, and how large "
                    + "('composition.placement' of a run file)."
            )
            {
                training.Dataset,
                scenes,
                art,
                training.Output,
                init,
                training.Steps,
                batch,
                size,
                width,
                mimic,
                training.LearningRate,
                training.CheckpointEvery,
                seed,
            },
            async (parsed, context, stop) =>
            {
                var isRendered = parsed.GetResult(scenes) is not null;
                if (isRendered == (parsed.GetResult(training.Dataset) is not null))
                    throw new FreeMaskException("Name images to learn from with --dataset, or a number of rendered scenes with --scenes.");
                if (!isRendered) Arguments.Refuse(parsed, art, "is for --scenes");
                var sets = isRendered ? [] : training.Open(parsed, byInstance: true);
                var start = Start(host, parsed.GetRequiredValue(init));
                if (start is not null) Arguments.Refuse(parsed, width, "is for --init none; start weights have a width of their own");
                if (parsed.GetValue(size) % 32 != 0)
                    throw new FreeMaskException($"--size {parsed.GetValue(size)} is no multiple of 32.");
                if (parsed.GetValue(mimic) is not (>= 0 and <= 1000))
                    throw new FreeMaskException("--mimic must be between 0 and 1000.");
                var (folder, checkpoint) = training.OpenOutput(parsed);
                var request = defaults with
                {
                    Steps = parsed.GetValue(training.Steps),
                    BatchSize = parsed.GetValue(batch),
                    Size = parsed.GetValue(size),
                    Width = parsed.GetValue(width),
                    MimicWeight = parsed.GetValue(mimic),
                    LearningRate = parsed.GetValue(training.LearningRate),
                    CheckpointEvery = parsed.GetValue(training.CheckpointEvery),
                    Seed = parsed.GetValue(seed),
                };
                if (isRendered) ObjectTraining.Announce(context, $"{parsed.GetValue(scenes)} rendered scenes");
                else ObjectTraining.Announce(context, sets);
                var lines = new TrainingLines(context, request.CheckpointEvery);
                var drawings = NamedPath.Full(parsed.GetRequiredValue(art), "--art");
                PlacementMaterial Material() => isRendered
                    ? PlacementMaterial.OfScenes(request, ArtCatalog.Load(drawings), parsed.GetValue(scenes), stop)
                    : PlacementMaterial.OfImages(request, sets, stop);
                var (config, measure) = await Task.Run(
                    () => PlacementTrainer.Train(request, Material(), folder, start, checkpoint, lines, stop, context.Time),
                    CancellationToken.None
                );
                checkpoint.Remove();
                return new VerbResult(
                    new { placement = folder, config, heldOut = measure },
                    console =>
                    {
                        console.Profile.Out.Writer.WriteLine(folder);
                        console.Profile.Out.Writer.WriteLine(
                            string.Create(CultureInfo.InvariantCulture, $"{measure.Samples} held-out samples: AUC {measure.Auc:0.00}")
                        );
                    }
                );
            }
        );
    }

    private static SafetensorsFile? Start(VerbHost host, string init)
    {
        if (init == PlacementTrainer.None) return null;
        var folder = init == PlacementTrainer.ImageNet
            ? Path.GetFullPath(Path.Combine(host.Bundles.ModelsFolder ?? "models", ImageNetPackage.Name))
            : NamedPath.Full(init, "--init");
        var weights = Path.Combine(folder, ModelFileNames.Weights);
        return File.Exists(weights)
            ? SafetensorsFile.Load(weights)
            : throw new FreeMaskException(
                $"There are no weights to start from: {weights} does not exist. 'freemask models pull {ImageNetPackage.Name}' fetches "
                    + $"them, or train with --init {PlacementTrainer.None}."
            );
    }
}
