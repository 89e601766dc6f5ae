using System.Text.Json.Nodes;
using FreeMask.Files;
using FreeMask.Grains.Stages;
using FreeMask.Json;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision;
using FreeMask.Vision.Export;

namespace FreeMask.Pipeline.Trainers;

/// <summary>The job file of a training program (docs/trainer-job.schema.json). Its paths are relative to it, or absolute.</summary>
internal static class TrainerJob
{
    /// <summary>The name of the file.</summary>
    internal const string FileName = "job.json";

    /// <summary>The folders that the program writes, relative to the job file.</summary>
    internal const string Checkpoints = "checkpoints", Output = "output";

    private const int Version = 1;

    /// <summary>Writes the file and makes the folders.</summary>
    /// <param name="folder">The folder of the job.</param>
    /// <param name="request">What to train.</param>
    /// <param name="classes">The label set of the run.</param>
    /// <param name="size">The side of the model's input in pixels.</param>
    /// <param name="initial">The folder of the starting weights; null for none.</param>
    /// <param name="dataset">The data set in the folder.</param>
    /// <param name="resume">The folder of the checkpoint to go on from, relative to the job file; null for none.</param>
    /// <returns>The path of the file.</returns>
    internal static string Write(
        string folder,
        TrainingRequest request,
        LabelSet classes,
        int size,
        string? initial,
        TrainerDataset dataset,
        string? resume
    )
    {
        var training = request.Spec.Training;
        Directory.CreateDirectory(Path.Combine(folder, Checkpoints));
        Directory.CreateDirectory(Path.Combine(folder, Output));
        var job = new JsonObject
        {
            ["version"] = Version,
            ["classes"] = TrainerDataset.Categories(classes),
            // Libraries take seeds of 31 bits.
            ["seed"] = (int)(request.Seed >> 33),
            ["steps"] = request.Steps,
            ["batch"] = training.Batch,
            ["learningRate"] = training.LearningRate,
            ["checkpointSteps"] = training.CheckpointSteps,
            ["size"] = size,
            ["threads"] = request.Spec.Execution.TrainingThreads,
            ["init"] = initial is null
                ? null
                : new JsonObject { ["folder"] = initial, ["type"] = CheckpointFolder.KindOf(initial) },
            ["dataset"] = new JsonObject
            {
                ["format"] = "coco-panoptic",
                ["train"] = Part(DatasetPart.Train, dataset.Train),
                ["val"] = dataset.Validation == 0 ? null : Part(DatasetPart.Val, dataset.Validation),
            },
            ["resume"] = resume,
            ["checkpoints"] = Checkpoints,
            ["output"] = Output,
        };
        var path = Path.Combine(folder, FileName);
        AtomicFile.Write(path, job.ToJsonString(JsonFormats.Indented) + "\n");
        return path;
    }

    private static JsonObject Part(DatasetPart part, int images) => new()
    {
        ["images"] = TrainerDataset.ImagesOf(part),
        ["annotations"] = TrainerDataset.SegmentsOf(part) + ".json",
        ["segments"] = TrainerDataset.SegmentsOf(part),
        ["count"] = images,
    };
}
