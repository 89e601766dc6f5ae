using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Hub;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.Tensors;
using FreeMask.Training.Placement;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask train placement</c>: learns where objects stand, and how large, from images with masks.</summary>
internal static class PlacementTrainingVerb
{
    internal static Command Create(VerbHost host)
    {
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
        var seed = Arguments.Seed("Names the initial weights, the samples and the images that are held out.");
        return host.Handle(
            new Command(
                "placement",
                "Learn from images with masks where objects may be pasted, and how large ('composition.placement' of a run file)."
            )
            {
                training.Dataset,
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
                var sets = training.Open(parsed, byInstance: true);
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
                ObjectTraining.Announce(context, sets);
                var lines = new TrainingLines(context, request.CheckpointEvery);
                var (config, measure) = await Task.Run(
                    () => PlacementTrainer.Train(request, sets, folder, start, checkpoint, lines, stop, context.Time),
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
