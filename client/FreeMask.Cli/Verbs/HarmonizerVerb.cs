using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Harmonization;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask train harmonizer</c>: learns what colors a pasted object should have from images with masks.</summary>
internal static class HarmonizerVerb
{
    internal static Command Create(VerbHost host)
    {
        var (defaults, rainNet) = (new HarmonizerTrainingRequest(), new RainNetTrainingRequest());
        var training = new ObjectTraining(defaults.Steps, defaults.LearningRate, defaults.CheckpointEvery);
        var form = new Option<string>("--form")
        {
            Description =
                $"What is trained: {StatisticsForm.Word} (six numbers of the object's colors) or {RainNetForm.Word} (a U-Net that paints "
                    + "the object anew).",
            DefaultValueFactory = _ => StatisticsForm.Word,
            HelpName = "NAME",
            CompletionSources = { StatisticsForm.Word, RainNetForm.Word },
        };
        form.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not (StatisticsForm.Word or RainNetForm.Word) } token])
                result.AddError($"--form is {token.Value}; it must be {StatisticsForm.Word} or {RainNetForm.Word}.");
        });
        var batch = new Option<int?>("--batch")
        {
            Description = $"Pairs in a step. Default: {defaults.BatchSize}; of the form {RainNetForm.Word} {rainNet.BatchSize}.",
            HelpName = "N",
        }.Within(1, 4096);
        var pairs = new Option<int>("--validation-pairs")
        {
            Description =
                "How many pairs of held-out images measure the model; they tell how sure one of statistics must be to change an object.",
            DefaultValueFactory = _ => defaults.ValidationPairs,
            HelpName = "N",
        }.Within(10, 1_000_000);
        var seed = Arguments.Seed("Names the initial weights, the pairs and the images that are held out.");
        return host.Handle(
            new Command("harmonizer", "Learn from images with masks how to recolor pasted objects ('harmonization.model' of a run file).")
            {
                form,
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
                HarmonizerRequest request = parsed.GetValue(form) == RainNetForm.Word ? rainNet : defaults;
                request = request with
                {
                    Steps = parsed.GetValue(training.Steps),
                    BatchSize = parsed.GetValue(batch) ?? request.BatchSize,
                    LearningRate = parsed.GetValue(training.LearningRate),
                    CheckpointEvery = parsed.GetValue(training.CheckpointEvery),
                    ValidationPairs = parsed.GetValue(pairs),
                    Seed = parsed.GetValue(seed),
                };
                ObjectTraining.Announce(context, sets);
                var lines = new TrainingLines(context, request.CheckpointEvery);
                var (config, measure) = await Task.Run(
                    () => request is RainNetTrainingRequest ofPixels
                        ? RainNetTrainer.Train(ofPixels, sets, folder, checkpoint, lines, stop, context.Time)
                        : HarmonizerTrainer.Train((HarmonizerTrainingRequest)request, sets, folder, checkpoint, lines, stop, context.Time),
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
                        var ungated = config.Caution is not null ? Text($" ({measure.Ungated:0.00} without the gate)") : "";
                        console.Profile.Out.Writer.WriteLine(folder);
                        console.Profile.Out.Writer.WriteLine(
                            Text($"{measure.Pairs} held-out pairs: {measure.Gated:0.00} of the composites' squared error")
                                + Text($", {100 * measure.Worse:0.0} % worse{ungated}")
                        );
                    }
                );
            }
        );
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
