using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.Training.Harmonization;
using FreeMask.Vision.Datasets;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask train harmonizer</c>: learns what colors a pasted object should have from images with masks.</summary>
internal static class HarmonizerVerb
{
    internal static Command Create(VerbHost host)
    {
        var dataset = new Option<string[]>("--dataset")
        {
            Description =
                $"Images with masks: a layout of {string.Join(", ", LabeledDataset.Formats)}, or folders images and masks; once for each.",
            Required = true,
            HelpName = "DIR",
        };
        var output = new Option<string>("--out")
        {
            Description = "Where the model and the training's checkpoint are written; the same command continues there.",
            Required = true,
            HelpName = "DIR",
        };
        var defaults = new HarmonizerTrainingRequest();
        var steps = new Option<int>("--steps")
        {
            Description = "Optimizer steps.",
            DefaultValueFactory = _ => defaults.Steps,
            HelpName = "N",
        }.Within(1, int.MaxValue);
        var batch = new Option<int>("--batch")
        {
            Description = "Pairs in a step.",
            DefaultValueFactory = _ => defaults.BatchSize,
            HelpName = "N",
        }.Within(1, 4096);
        var rate = new Option<double>("--learning-rate")
        {
            Description = "Learning rate at the start; it falls to zero.",
            DefaultValueFactory = _ => defaults.LearningRate,
            HelpName = "X",
        }.Share();
        var every = new Option<int>("--checkpoint-steps")
        {
            Description = "Steps between checkpoints.",
            DefaultValueFactory = _ => defaults.CheckpointEvery,
            HelpName = "N",
        }.Within(1, int.MaxValue);
        var pairs = new Option<int>("--validation-pairs")
        {
            Description = "How many pairs of held-out images tell how sure the model must be to change an object.",
            DefaultValueFactory = _ => defaults.ValidationPairs,
            HelpName = "N",
        }.Within(10, 1_000_000);
        var seed = Arguments.Seed("Names the initial weights, the pairs and the images that are held out.");
        return host.Handle(
            new Command("harmonizer", "Learn from images with masks how to recolor pasted objects ('harmonization.model' of a run file).")
            {
                dataset,
                output,
                steps,
                batch,
                rate,
                every,
                pairs,
                seed,
            },
            async (parsed, context, stop) =>
            {
                var sets = parsed.GetRequiredValue(dataset).Select(named => ObjectImages.Open(NamedPath.Full(named, "--dataset"))).ToList();
                var folder = OutputFolder.Make(parsed.GetRequiredValue(output));
                var checkpoint = CheckpointFile.In(folder);
                if (!checkpoint.Exists && File.Exists(Path.Combine(folder, ModelFileNames.Onnx)))
                    throw new FreeMaskException($"{folder} holds a model already; name another folder with --out.");
                var request = defaults with
                {
                    Steps = parsed.GetValue(steps),
                    BatchSize = parsed.GetValue(batch),
                    LearningRate = parsed.GetValue(rate),
                    CheckpointEvery = parsed.GetValue(every),
                    ValidationPairs = parsed.GetValue(pairs),
                    Seed = parsed.GetValue(seed),
                };
                context.WriteMessage(
                    $"Training on the objects of {sets.Sum(set => set.Count)} images. Ctrl-C stops after a checkpoint; the same command "
                        + "continues."
                );
                var lines = new TrainingLines(context, request.CheckpointEvery);
                var (config, measure) = await Task.Run(
                    () => HarmonizerTrainer.Train(request, sets, folder, checkpoint, lines, stop, context.Time),
                    CancellationToken.None
                );
                checkpoint.Remove();
                return new VerbResult(
                    new
                    {
                        harmonizer = folder,
                        config,
                        heldOut = measure,
                    },
                    console =>
                    {
                        console.Profile.Out.Writer.WriteLine(folder);
                        console.Profile.Out.Writer.WriteLine(
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"{measure.Pairs} held-out pairs: {measure.Gated:0.00} of the composites' squared error, "
                                    + $"{100 * measure.Worse:0.0} % worse ({measure.Ungated:0.00} without the gate)"
                            )
                        );
                    }
                );
            }
        );
    }
}
