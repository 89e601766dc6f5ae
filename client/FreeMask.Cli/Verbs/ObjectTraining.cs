using System.CommandLine;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.Vision.Datasets;

namespace FreeMask.Cli.Verbs;

/// <summary>What trainings on the objects of images with masks have in common: options, data sets, the folder of the model.</summary>
/// <param name="steps">Optimizer steps by default.</param>
/// <param name="learningRate">The learning rate by default.</param>
/// <param name="checkpointEvery">Steps between checkpoints by default.</param>
internal sealed class ObjectTraining(int steps, double learningRate, int checkpointEvery)
{
    internal Option<string[]> Dataset { get; } = new("--dataset")
    {
        Description =
            $"Images with masks: a layout of {string.Join(", ", LabeledDataset.Formats)}, or folders images and masks; once for each.",
        Required = true,
        HelpName = "DIR",
    };

    internal Option<string> Output { get; } = new("--out")
    {
        Description = "Where the model and the training's checkpoint are written; the same command continues there.",
        Required = true,
        HelpName = "DIR",
    };

    internal Option<int> Steps { get; } = new Option<int>("--steps")
    {
        Description = "Optimizer steps.",
        DefaultValueFactory = _ => steps,
        HelpName = "N",
    }.Within(1, int.MaxValue);

    internal Option<double> LearningRate { get; } = new Option<double>("--learning-rate")
    {
        Description = "Learning rate at the start; it falls to zero.",
        DefaultValueFactory = _ => learningRate,
        HelpName = "X",
    }.Share();

    internal Option<int> CheckpointEvery { get; } = new Option<int>("--checkpoint-steps")
    {
        Description = "Steps between checkpoints.",
        DefaultValueFactory = _ => checkpointEvery,
        HelpName = "N",
    }.Within(1, int.MaxValue);

    /// <summary>The named images.</summary>
    /// <exception cref="FreeMaskException">A folder holds none.</exception>
    internal List<ObjectImages> Open(ParseResult parsed, bool byInstance) =>
        [.. parsed.GetRequiredValue(Dataset).Select(named => ObjectImages.Open(NamedPath.Full(named, "--dataset"), byInstance))];

    /// <summary>The folder of the model, and the checkpoint in it.</summary>
    /// <exception cref="FreeMaskException">The folder holds a finished model.</exception>
    internal (string Folder, CheckpointFile Checkpoint) OpenOutput(ParseResult parsed)
    {
        var folder = OutputFolder.Make(parsed.GetRequiredValue(Output));
        var checkpoint = CheckpointFile.In(folder);
        return checkpoint.Exists || !File.Exists(Path.Combine(folder, ModelFileNames.Onnx))
            ? (folder, checkpoint)
            : throw new FreeMaskException($"{folder} holds a model already; name another folder with --out.");
    }

    /// <summary>Says what begins.</summary>
    internal static void Announce(CommandContext context, IEnumerable<ObjectImages> sets) =>
        Announce(context, $"the objects of {sets.Sum(set => set.Count)} images");

    /// <summary>Says what begins.</summary>
    internal static void Announce(CommandContext context, string learned) =>
        context.WriteMessage($"Training on {learned}. Ctrl-C stops after a checkpoint; the same command continues.");
}
