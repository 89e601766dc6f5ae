using System.CommandLine;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Mini;
using FreeMask.Training.Mini.Stages;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask train mini-scenes</c>: writes training scenes for a program that trains the mini bundle on a GPU.</summary>
internal static class MiniScenesVerb
{
    internal static Command Create(VerbHost host)
    {
        var art = Arguments.Art();
        var output = new Option<string>("--out") { Description = "Where the files are written.", Required = true, HelpName = "DIR" };
        var files = new Option<int>("--files")
        {
            Description = "How many files.",
            DefaultValueFactory = _ => 100,
            HelpName = "N",
        }.Within(1, 100_000);
        var perFile = new Option<int>("--scenes")
        {
            Description = "Scenes in each file.",
            DefaultValueFactory = _ => 2000,
            HelpName = "N",
        }.Within(1, 100_000);
        var seed = Arguments.Seed("Names the scenes.");
        return host.Handle(
            new Command("mini-scenes", "Write training scenes of the mini bundle for training/Mini/PyTorch/train_mini.py.")
            {
                art,
                output,
                files,
                perFile,
                seed,
            },
            async (parsed, context, stop) =>
            {
                var folder = Path.GetFullPath(parsed.GetRequiredValue(output));
                var options = new MiniDiffusionOptions
                {
                    WorkDirectory = folder,
                    ArtDirectory = Path.GetFullPath(parsed.GetRequiredValue(art)),
                    OutputDirectory = folder,
                    Seed = parsed.GetValue(seed),
                };
                var (count, size) = (parsed.GetValue(files), parsed.GetValue(perFile));
                await Task.Run(
                    () => new MiniDiffusionTrainer(options, context.WriteMessage).WriteScenes(folder, count, size, stop),
                    CancellationToken.None
                );
                return new VerbResult(
                    new { scenes = folder, count = (long)count * size },
                    console => console.Profile.Out.Writer.WriteLine(folder)
                );
            }
        );
    }
}
