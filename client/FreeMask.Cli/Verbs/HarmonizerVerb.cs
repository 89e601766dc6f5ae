using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Harmonization;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask train harmonizer</c>: learns what colors a pasted object should have from images with masks.</summary>
internal static class HarmonizerVerb
{
    internal static Command Create(VerbHost host)
    {
        var defaults = new HarmonizerTrainingRequest();
        var training = new ObjectTraining(defaults.Steps, defaults.LearningRate, defaults.CheckpointEvery);
        var batch = new Option<int>("--batch")
        {
            Description = "Pairs in a step.",
            DefaultValueFactory = _ => defaults.BatchSize,
            HelpName = "N",
        }.Within(1, 4096);
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
                training.Dataset,
                training.Output,
                training.Steps,
                batch,
                training.LearningRate,
                training.CheckpointEvery,
                pairs,
                seed,
            },
            async (parsed, context, stop) =>
            {
                var sets = training.Open(parsed, byInstance: false);
                var (folder, checkpoint) = training.OpenOutput(parsed);
                var request = defaults with
                {
                    Steps = parsed.GetValue(training.Steps),
                    BatchSize = parsed.GetValue(batch),
                    LearningRate = parsed.GetValue(training.LearningRate),
                    CheckpointEvery = parsed.GetValue(training.CheckpointEvery),
                    ValidationPairs = parsed.GetValue(pairs),
                    Seed = parsed.GetValue(seed),
                };
                ObjectTraining.Announce(context, sets);
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
