using System.CommandLine;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Mini;
using FreeMask.Training.Mini.Stages;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask train mini-diffusion</c>: trains the small diffusion model and writes its bundle.</summary>
internal static class MiniDiffusionVerb
{
    internal static Command Create(VerbHost host)
    {
        var art = Arguments.Art();
        var work = new Option<string?>("--work")
        {
            Description =
                "Checkpoints and intermediate results; the same folder continues. Default: train/mini-diffusion in the data folder.",
            HelpName = "DIR",
        };
        var output = new Option<string?>("--out")
        {
            Description = "Where the bundle is written. Default: bundle in the work folder.",
            HelpName = "DIR",
        };
        var seed = Arguments.Seed("Names scenes, initial weights, batches and noise.");
        var threads = new Option<int>("--threads")
        {
            Description = "Threads of the tensor library.",
            DefaultValueFactory = _ => Environment.ProcessorCount,
            HelpName = "N",
        }.Within(1, 1024);
        var steps = new Option<int?>("--steps") { Description = "Optimizer steps of text encoder and U-Net.", HelpName = "N" }.Within(
            1,
            int.MaxValue
        );
        var weights = new Option<string?>("--weights")
        {
            Description =
                "Train nothing: write the bundle from the networks in this folder, which training/Mini/PyTorch/train_mini.py wrote.",
            HelpName = "DIR",
        };
        return host.Handle(
            new Command(
                "mini-diffusion",
                "Train the small diffusion model and write its bundle; hours on two cores, and it can be stopped and continued."
            )
            {
                art,
                work,
                output,
                seed,
                threads,
                steps,
                weights,
            },
            async (parsed, context, stop) =>
            {
                var folder = Path.GetFullPath(parsed.GetValue(work) ?? Path.Combine(context.Data.Root, "train", "mini-diffusion"));
                var options = new MiniDiffusionOptions
                {
                    WorkDirectory = folder,
                    ArtDirectory = Path.GetFullPath(parsed.GetRequiredValue(art)),
                    OutputDirectory = Path.GetFullPath(parsed.GetValue(output) ?? Path.Combine(folder, "bundle")),
                    Seed = parsed.GetValue(seed),
                    Threads = parsed.GetValue(threads),
                };
                if (parsed.GetValue(steps) is { } total)
                    options = options with { DiffusionSteps = total };
                var trainer = new MiniDiffusionTrainer(options, context.WriteMessage);
                if (parsed.GetValue(weights) is { } trained)
                {
                    await Task.Run(() => trainer.Import(Path.GetFullPath(trained)), CancellationToken.None);
                }
                else
                {
                    context.WriteMessage($"Training in {folder}. Ctrl-C stops after a checkpoint; the same command continues.");
                    await Task.Run(() => trainer.Run(stop), CancellationToken.None);
                }

                return new VerbResult(
                    new { bundle = options.OutputDirectory, work = folder },
                    console => console.Profile.Out.Writer.WriteLine(options.OutputDirectory)
                );
            }
        );
    }
}
